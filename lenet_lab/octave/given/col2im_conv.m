function im = col2im_conv(col, input, layer, h_out, w_out)
  % Add the columns of one image to their windows: the adjoint of im2col_conv. Returns an array height x width x channel.

  k = layer.k;
  pad = layer.pad;
  col = reshape(col, k*k*input.channel, h_out*w_out);
  im = zeros(input.height + 2*pad, input.width + 2*pad, input.channel);
  for w = 1:w_out
    for h = 1:h_out
      rows = (h - 1)*layer.stride + (1:k);
      columns = (w - 1)*layer.stride + (1:k);
      im(rows, columns, :) += reshape(col(:, h + (w - 1)*h_out), k, k, input.channel);
    end
  end
  im = im(pad + (1:input.height), pad + (1:input.width), :);
end
