function col = im2col_conv(input_n, layer, h_out, w_out)
  % The windows of one image as columns: all k*k*c*h_out*w_out numbers as one column, as the handout returns them.
  %
  % input_n.data has height*width*channel numbers. reshape(col, k*k*c, h_out*w_out) has a window in each column, in the order
  % (row, column, channel); the windows follow one another down the columns of the image.

  k = layer.k;
  pad = layer.pad;
  im = zeros(input_n.height + 2*pad, input_n.width + 2*pad, input_n.channel);
  im(pad + (1:input_n.height), pad + (1:input_n.width), :) = reshape(input_n.data, [input_n.height, input_n.width, input_n.channel]);
  col = zeros(k*k*input_n.channel, h_out*w_out);
  for w = 1:w_out
    for h = 1:h_out
      window = im((h - 1)*layer.stride + (1:k), (w - 1)*layer.stride + (1:k), :);
      col(:, h + (w - 1)*h_out) = window(:);
    end
  end
  col = col(:);
end
