import torch

torch.set_grad_enabled(False)  # <-


def predict(net, x):
    return net(x).argmax(1)
