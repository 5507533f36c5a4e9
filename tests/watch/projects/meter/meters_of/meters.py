class AverageMeter:
    def __init__(self):
        self.sum, self.count = 0.0, 0

    def update(self, val, n=1):
        self.sum += val * n  # <-
        self.count += n

    @property
    def avg(self):
        return self.sum / self.count
