# WHY: w
import torch


class Tagged(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return super().__torch_function__(func, types, args, kwargs or {})

    def normalised(self):
        return self / self.norm().item()


w = torch.randn(3, requires_grad=True)
t = w.as_subclass(Tagged)
out = t.normalised().data.clone()  # <-
b = torch.ones(3, requires_grad=True)
(out * b).sum().backward()
