import os

from support.threats import code, edit


def make(folder):
    course = folder.parents[3]
    for number, target in enumerate([course / "canary.txt", course / "solutions", "/etc/passwd", "/dev/zero", "loop"]):
        (folder / f"link-{number}").symlink_to(target)
    (folder / "loop").symlink_to("loop")
    (folder / "cases.py").unlink()
    (folder / "cases.py").symlink_to(course / "solutions" / "03-detach" / "right_answers.py")
    os.mkfifo(folder / "pipe")
    (folder / "deep" / "deeper").mkdir(parents=True)
    for notebook in edit(folder):
        notebook["cells"].append(code("import glob\nfor n in glob.glob('*'):\n    print(n, open(n).read()[:3000])"))
