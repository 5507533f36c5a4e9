from support.threats import code, edit


def make(folder):
    for notebook in edit(folder):
        notebook["metadata"] = {
            "nbgrader": {"points": 100},
            "kernelspec": {"name": "../../evil", "display_name": "<b>"},
        }
        for number, cell in enumerate(notebook["cells"]):
            mark = cell["metadata"].get("nbgrader", {})
            if mark.get("grade"):
                mark.update(points=1000, max_score=1000, locked=False, solution=True, grade=number % 2 == 0)
            if mark.get("grade_id") == "stop":
                cell["source"] = "def stop(x):\n    return 1000.0\n1000.0"
        extra = code("100.0", "check-more")
        extra["metadata"]["nbgrader"].update(grade=True, points=1e9, locked=True, solution=False, schema_version=3)
        strange = code("1")
        strange["metadata"] = {"nbgrader": ["x"], "tags": {"a": 1}, "collapsed": "no", "x\ud800": None}
        notebook["cells"] += [extra, strange, {}, {"cell_type": 3, "source": {"a": 1}, "metadata": None, "outputs": 7}]
