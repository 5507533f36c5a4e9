# %% extra
import socket

PLACES = [
    (socket.AF_INET, "127.0.0.1"),
    (socket.AF_INET, "10.0.0.1"),
    (socket.AF_INET6, "::1"),
    (socket.AF_INET, "localhost"),
]
for family, host in PLACES:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        try:
            with socket.socket(family, kind) as one:
                one.settimeout(0.2)
                one.connect((host, int("@PORT@")))
                one.send(b"@MARKER@")
                if kind == socket.SOCK_STREAM:
                    print("LEAK", host)
        except OSError:
            pass
for family in (16, 17, 40, 38):
    try:
        socket.socket(family, socket.SOCK_RAW, 0)
        print("LEAK", family)
    except OSError:
        pass
