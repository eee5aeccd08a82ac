"""The homework's seven functions in Octave as students write them, right and wrong: what `test_octave.py` runs.

`RIGHT` is {name: text of the .m file}. `WRONG` has (name, text, misconception). `STOPS` has (a line of Octave, the name of the cause, words of
the verdict). `HOSTILE` is {name: text}: what should reach nothing.
"""

RIGHT = {
    "relu_forward": """function [output] = relu_forward(input, layer)
output.height = input.height;
output.width = input.width;
output.channel = input.channel;
output.batch_size = input.batch_size;
output.data = max(input.data, 0);
end
""",
    "relu_backward": """function [input_od] = relu_backward(output, input, layer)
input_od = output.diff .* (input.data > 0);
end
""",
    "inner_product_forward": """function [output] = inner_product_forward(input, layer, param)
output.height = 1;
output.width = 1;
output.channel = layer.num;
output.batch_size = input.batch_size;
output.data = param.w' * input.data + repmat(param.b', 1, input.batch_size);
end
""",
    "inner_product_backward": """function [param_grad, input_od] = inner_product_backward(output, input, layer, param)
param_grad.w = input.data * output.diff';
param_grad.b = sum(output.diff, 2)';
input_od = param.w * output.diff;
end
""",
    "pooling_layer_forward": """function [output] = pooling_layer_forward(input, layer)
k = layer.k;
h_out = (input.height + 2*layer.pad - k) / layer.stride + 1;
w_out = (input.width + 2*layer.pad - k) / layer.stride + 1;
assert(h_out == floor(h_out), 'h_out is not integer')
assert(w_out == floor(w_out), 'w_out is not integer')
output.height = h_out;
output.width = w_out;
output.channel = input.channel;
output.batch_size = input.batch_size;
output.data = zeros(h_out*w_out*input.channel, input.batch_size);
one = struct('height', input.height, 'width', input.width, 'channel', input.channel);
switch layer.act_type
  case 'MAX'
    for n = 1:input.batch_size
      one.data = input.data(:, n);
      col = reshape(im2col_conv(one, layer, h_out, w_out), k*k, input.channel, h_out*w_out);
      m = reshape(max(col, [], 1), input.channel, h_out*w_out)';
      output.data(:, n) = m(:);
    end
end
end
""",
    "pooling_layer_backward": """function [input_od] = pooling_layer_backward(output, input, layer)
k = layer.k;
x = reshape(input.data, [input.height, input.width, input.channel, input.batch_size]);
d = reshape(output.diff, [output.height, output.width, output.channel, output.batch_size]);
dx = zeros(size(x));
for n = 1:input.batch_size
  for c = 1:input.channel
    for i = 1:output.height
      for j = 1:output.width
        rows = (i-1)*layer.stride + (1:k);
        cols = (j-1)*layer.stride + (1:k);
        window = x(rows, cols, c, n);
        [~, at] = max(window(:));
        [u, v] = ind2sub([k k], at);
        dx(rows(u), cols(v), c, n) += d(i, j, c, n);
      end
    end
  end
end
input_od = reshape(dx, size(input.data));
end
""",
    "sgd_momentum": """function [params_, param_winc_] = sgd_momentum(w_rate, b_rate, mu, decay, params, param_winc, param_grad)
params_ = params;
param_winc_ = param_winc;
for i = 1:length(params)
  param_winc_{i}.w = mu * param_winc{i}.w + w_rate * (param_grad{i}.w + decay * params{i}.w);
  params_{i}.w = params{i}.w - param_winc_{i}.w;
  param_winc_{i}.b = mu * param_winc{i}.b + b_rate * param_grad{i}.b;
  params_{i}.b = params{i}.b - param_winc_{i}.b;
end
end
""",
}


def changed(name, old, new):
    """The right function with one change."""
    assert old in RIGHT[name], (name, old)
    return RIGHT[name].replace(old, new)


def in_reading_order():
    """The backward pass of pooling in which the first of several maxima is the first one row by row."""
    return changed("pooling_layer_backward", "c, n);\n        [~", "c, n)';\n        [~").replace("[u, v]", "[v, u]")


WRONG = [(name, changed(name, old, new), misconception) for name, old, new, misconception in (
    ("relu_forward", "max(input.data, 0)", "min(input.data, 0)", "minimum for maximum"),
    ("relu_forward", "max(input.data, 0)", "abs(input.data)", "absolute value"),
    ("relu_forward", "max(input.data, 0)", "int32(max(input.data, 0))", "number type"),
    ("relu_forward", "output.height = input.height;", "persistent n = 0;\nn += 1;\noutput.height = input.height + 0 * n;\ninput.data += n;",
     "state between calls"),
    ("relu_backward", "(input.data > 0)", "(output.diff > 0)", "gate on the gradient"),
    ("relu_backward", "output.diff .* (input.data > 0)", "input.data > 0", "number type"),
    ("inner_product_forward", " + repmat(param.b', 1, input.batch_size)", "", "bias forgotten"),
    ("inner_product_forward", "param.w' *", "param.w *", "sizes of a product"),
    ("inner_product_backward", "sum(output.diff, 2)'", "sum(output.diff, 2)", "transposed"),
    ("inner_product_backward", "output.diff';", "output.diff' / input.batch_size;", "mean for sum"),
    ("pooling_layer_forward", "max(col, [], 1)", "max(0, max(col, [], 1))", "maximum starts at 0"),
    ("pooling_layer_forward", "h_out*w_out)';", "h_out*w_out);", "right numbers in wrong places"),
    ("pooling_layer_backward", "+= d", "= d", "overlaps overwritten"),
    ("pooling_layer_backward", "d(i, j, c, n);", "d(i, j, c, n) * (window(at) > 0);", "maximum starts at 0"),
    ("pooling_layer_backward", "dx(rows(u), cols(v), c, n) += d(i, j, c, n)", "dx(rows, cols, c, n) += d(i, j, c, n) * (window == max(window(:)))",
     "every tie paid"),
    ("sgd_momentum", "params{i}.w - param_winc_", "params{i}.w + param_winc_", "uphill"),
    ("sgd_momentum", "b_rate *", "w_rate *", "biases at the weights' rate"),
    ("sgd_momentum", "b_rate * param_grad{i}.b", "b_rate * (param_grad{i}.b + decay * params{i}.b)", "decay on biases"),
)]

STOPS = [
    ("x = input.data(0);", "index outside", "Octave counts from 1"),
    ("x = input.data(1000, 1);", "index outside", "larger than the matrix"),
    ("x = [1 2 3] + [1 2];", "shapes that do not fit", "1x3 and 1x2 cannot be combined by +"),
    ("x = zeros(1, 3); x(1:2) = [1 2 3];", "shapes that do not fit", "another size than its place"),
    ("x = [1 2; 3];", "shapes that do not fit", "sizes do not fit"),
    ("x = ones(2, 3) * ones(2, 3);", "sizes of a product", "A 2x3 matrix times a 2x3 matrix"),
    ("x = reshape(1:4, 3, 2);", "reshape", "cannot take the size 3x2"),
    ("x = input.dta;", "structure", "no member 'dta'"),
    ("x = layer{1};", "structure", "cannot be indexed with {"),
    ("x = padarray(input.data, [1 1]);", "package", "belongs to the package image"),
    ("x = hepler(3);", "unknown name", "`hepler` is not known here"),
    ("x = relu_forward(input, layer, 3);", "arguments", "fewer arguments"),
    ("relu_forward(input, layer);", "recursion", "calls itself without end"),
    ("x = zeros(1e6, 1e6);", "memory", "too large"),
    ("error('my own words');", None, "my own words (line 7 of relu_forward.m)"),
    ("x = builtin('input', 'a number: ');", None, "reading user-input failed"),
    ("output = 3;", "structure", "expected a struct with height"),
    ("output = rmfield(output, 'data');", "structure", "output has no field data"),
    ("output.width = 77;", "shape of the result", "output.width is 77; expected"),
    ("output.data = {};", "structure", "a cell array of 0; expected a matrix"),
    ("output.data = sqrt(-output.data - 1);", "structure", "a complex double; expected a matrix"),
    ("output.data = output.data(:, [1 1 2]);", "shape of the result", "output.data is 6x3; expected 6x2"),
    ("output.data = output.data';", "transposed", "output.data is 2x6; expected 6x2"),
    ("output(2) = output;", "structure", "output is a struct array; expected a struct"),
    ("clear output;", "nothing returned", "is never assigned"),
]


def with_line(line):
    """`relu_forward` with one more line at its end, the seventh."""
    return RIGHT["relu_forward"].replace("0);\n", f"0);\n{line}\n")


def hostile(outside):
    """Functions that try to reach the folder `outside`, or the machine; each fails with the error "reached" if it could."""
    tries = {
        "relu_forward": f"f = fopen('{outside}/a', 'w'); if f >= 0, error('reached'); end",
        "relu_backward": f"[s, t] = system('touch {outside}/b; echo reached'); if s == 0, error(['reached ' t]); end",
        "inner_product_forward": f"exec('/bin/touch', {{'{outside}/c'}}); p = fork(); "
                                 f"if p == 0, f = fopen('{outside}/d', 'w'); exit(0); end; waitpid(p);",
        "inner_product_backward": f"try, unlink('{outside}/kept'); end; [s, m] = kill(getppid(), 9); if s == 0, error('reached'); end; "
                                  "t = ''; try, t = urlread('http://127.0.0.1:9/'); end; if numel(t), error('reached'); end",
    }
    return {name: RIGHT[name].replace("\n", f"\n{line}\n", 1) for name, line in tries.items()}
