import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

emb, lstm, out = (
    nn.Embedding(10, 4, padding_idx=0),
    nn.LSTM(4, 6, batch_first=True, bidirectional=True),
    nn.Linear(12, 2),
)
opt = torch.optim.Adam([*emb.parameters(), *lstm.parameters(), *out.parameters()])
for _ in range(4):
    seqs = [torch.randint(1, 10, (int(n),)) for n in torch.randint(2, 6, (4,))]
    lens = torch.tensor([len(s) for s in seqs])
    p = pack_padded_sequence(emb(pad_sequence(seqs, True)), lens, batch_first=True, enforce_sorted=False)
    o, _ = pad_packed_sequence(lstm(p)[0], batch_first=True)
    m = (torch.arange(o.size(1))[None] < lens[:, None]).float()[..., None]
    pooled = (o * m).sum(1) / m.sum(1)
    loss = nn.functional.cross_entropy(out(pooled), lens % 2)
    opt.zero_grad()
    loss.backward()
    opt.step()
