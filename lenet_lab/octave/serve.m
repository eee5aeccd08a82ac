function serve(ask, tell, given)
  % Call functions in .m files for another program: read calls from the pipe `ask`, write their results to the pipe `tell`.
  %
  % A call is a struct with the fields folder, name, outputs (their number) and arguments (a cell array). The answer is a struct with
  % the field values, a cell array; or with the fields message, file and line of an error, file being "" where it is not known.
  % `values.py` describes the bytes. The folder `given` has functions that the handout provides.

  warning("off", "all");
  page_screen_output(false);
  crash_dumps_octave_core(false);
  addpath(given, "-end");
  sent(tell, struct("values", {{}}));
  while (true)
    call = received(ask);
    try
      if (! strcmp(pwd(), call.folder))
        cd(call.folder);
        clear('-functions');                 % or a function of the same name in the folder before would be called
      end
      values = cell(1, call.outputs);
      [values{:}] = feval(call.name, call.arguments{:});
      answer.values = values;
      bytes = packed(answer);
    catch fault
      bytes = packed(told(fault, call.folder));
    end
    fflush(stdout);
    fflush(stderr);
    sent(tell, bytes);
    clear answer values bytes;
  end
end

function answer = told(fault, folder)
  % An error as a struct: its message, and the file and line of the student's code in which it happened.
  answer = struct("message", fault.message, "file", "", "line", 0);
  for place = fault.stack'
    if (strncmp(place.file, folder, numel(folder)) && place.line > 0)
      answer.file = place.file;
      answer.line = place.line;
      return;
    end
  end
end

function value = received(pipe)
  file = fopen(pipe, "rb", "ieee-le");
  bytes = fread(file, double(fread(file, 1, "uint64=>uint64")), "uint8=>uint8")';
  fclose(file);
  value = unpacked(bytes, 1);
end

function sent(pipe, value)
  if (! isa(value, "uint8"))
    value = packed(value);
  end
  file = fopen(pipe, "wb", "ieee-le");
  fwrite(file, numel(value), "uint64");
  fwrite(file, value, "uint8");
  fclose(file);
end

function bytes = packed(value)
  if (isnumeric(value) && isreal(value) && ! isinteger(value))
    bytes = [uint8(class(value)(1)), sizes(value), typecast(full(value)(:)', "uint8")];
  elseif (isstruct(value) && isscalar(value))
    parts = cell(1, numfields(value));
    n = 0;
    for [part, name] = value
      parts{++n} = [typecast(uint32(numel(name)), "uint8"), uint8(name), packed(part)];
    end
    bytes = [uint8("S"), typecast(uint32(n), "uint8"), parts{:}];
  elseif (iscell(value))
    parts = cell(1, numel(value));
    for n = 1:numel(value)
      parts{n} = packed(value{n});
    end
    bytes = [uint8("C"), sizes(value), parts{:}];
  elseif (ischar(value))
    bytes = [uint8("c"), sizes(value), uint8(value(:)')];
  elseif (islogical(value))
    bytes = [uint8("l"), sizes(value), uint8(full(value)(:)')];
  elseif (isinteger(value))
    bytes = [uint8("i"), named(class(value)), sizes(value), typecast(double(value)(:)', "uint8")];
  elseif (isnumeric(value))
    bytes = [uint8("o"), named(["complex ", class(value)])];
  elseif (isstruct(value))
    bytes = [uint8("o"), named("struct array")];
  else
    bytes = [uint8("o"), named(class(value))];
  end
end

function bytes = sizes(value)
  bytes = typecast(uint32([ndims(value), size(value)]), "uint8");
end

function bytes = named(text)
  bytes = [typecast(uint32(numel(text)), "uint8"), uint8(text)];
end

function [value, at] = unpacked(bytes, at)
  letter = bytes(at);
  number = double(typecast(bytes(at + 1:at + 4), "uint32"));
  at += 5;
  if (letter == "S")
    value = struct();
    for n = 1:number
      behind = at + 4 + double(typecast(bytes(at:at + 3), "uint32"));
      [value.(char(bytes(at + 4:behind - 1))), at] = unpacked(bytes, behind);
    end
    return;
  end
  shape = double(typecast(bytes(at:at + 4*number - 1), "uint32"));
  at += 4*number;
  number = prod(shape);
  if (letter == "C")
    value = cell(shape);
    for n = 1:number
      [value{n}, at] = unpacked(bytes, at);
    end
    return;
  end
  first = at;
  if (letter == "d")
    at += 8*number;
    value = reshape(typecast(bytes(first:at - 1), "double"), shape);
  elseif (letter == "s")
    at += 4*number;
    value = reshape(typecast(bytes(first:at - 1), "single"), shape);
  else
    at += number;
    value = reshape(bytes(first:at - 1), shape);
    if (letter == "c")
      value = char(value);
    else
      value = logical(value);
    end
  end
end
