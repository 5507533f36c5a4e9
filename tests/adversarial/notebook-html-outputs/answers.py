# %% extra-1
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display

BAD = '<script>alert("x")</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>'
BAD += "<iframe srcdoc='<script>alert(1)</script>'></iframe><svg onload=alert(1)><style>*{display:none}</style>"
BAD += '<a href="&#106;avascript:alert(1)">y</a><form action="javascript:alert(1)"><input type=submit onclick=alert(1)></form>'
BAD += '<math><mi xlink:href="javascript:alert(1)">z</mi></math><table background="javascript:alert(1)" onmouseover=alert(1)><tr><td>'
display(HTML(BAD), Javascript("alert(1)"), Markdown(BAD), Latex(r"$\href{javascript:alert(1)}{x}$"))
display(
    {"text/html": BAD, "image/svg+xml": BAD, "image/png": '"><script>alert(1)</script>', "text/plain": BAD}, raw=True
)
display({"application/javascript": "alert(1)", "application/vnd.jupyter.widget-view+json": {"model_id": BAD}}, raw=True)
print(BAD)

# %% extra-2
raise ValueError(BAD)


# %% stop
class Named:
    def __repr__(self):
        return BAD


# %% extra-3
def stop(x):
    return x.detach()


Named()
