# %% extra
import glob
import socket

NAMES = [
    "@SOCKET@",
    "\0@MARKER@",
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/systemd/private",
    "/run/dbus/system_bus_socket",
]
for name in NAMES + glob.glob("/tmp/**/*sock*", recursive=True):
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(0.2)
            one.connect(name)
            one.send(b"@MARKER@")
            print("LEAK", name)
    except OSError:
        pass
