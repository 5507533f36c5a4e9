import os


def make(folder):
    for number in range(3000):
        (folder / f"file-{number}").write_text("x")
    with (folder / "large.bin").open("wb") as file:
        file.truncate(500_000_000)
    for name in (b"\xff\xfe.txt", b"-rf", b"; touch x", b"new\nline", b"\x1b[2J", b"output", b"..."):
        with open(os.path.join(os.fsencode(folder), name), "w") as file:
            file.write("x")
