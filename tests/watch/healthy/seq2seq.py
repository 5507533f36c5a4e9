import torch
from torch import nn

enc, dec, emb, out = nn.GRU(4, 8, batch_first=True), nn.GRUCell(4, 8), nn.Embedding(7, 4), nn.Linear(8, 7)
opt = torch.optim.Adam([p for m in (enc, dec, emb, out) for p in m.parameters()])
for _ in range(4):
    src, tgt = torch.randint(7, (3, 5)), torch.randint(7, (3, 6))
    _, h = enc(emb(src))
    h = h[0]
    tok = tgt[:, 0]
    logits = []
    for t in range(1, 6):
        h = dec(emb(tok), h)
        l = out(h)
        logits.append(l)
        tok = tgt[:, t] if torch.rand(()) < 0.5 else l.argmax(1)
    loss = nn.functional.cross_entropy(torch.stack(logits, 1).flatten(0, 1), tgt[:, 1:].flatten())
    opt.zero_grad()
    loss.backward()
    opt.step()
