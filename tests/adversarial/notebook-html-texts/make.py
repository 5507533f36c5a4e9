from support.threats import code, edit, markdown

BAD = [
    '<script>alert("x")</script>',
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)' onclick=alert(1)>x</a>",
    "[x](javascript:alert(1)) [y](JaVaScRiPt&colon;alert(1)) [z](javascript\\:alert(1)) <javascript:alert(1)>",
    "[u](java\tscr\tipt:alert(1)) [v](<java\tscript:alert(1)>) [w](\u0001javascript:alert(1)) [t](<javascr\\ipt:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x] ![x](attachment:a.png) ![y](data:text/html;base64,PHNjcmlwdD4=)",
    "<details open ontoggle=alert(1)><summary onclick=alert(1)>x</summary></details>",
    "<p onmouseover\n=\nalert(1)>x</p> <b/onclick=alert(1)>x</b> <br onfocus=alert(1) autofocus>",
    "$$\\href{javascript:alert(1)}{x}$$ $\\unicode{<script>}$ </script><script>alert(1)</script>",
    "<!-- --!><script>alert(1)</script> --> <![CDATA[<script>alert(1)</script>]]> <?php <script>?>",
    "```{=html}\n<script>alert(1)</script>\n```\n\n    <script>alert(1)</script>",
    "<style>body{display:none}</style><base href=//x><meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
]


def make(folder):
    for notebook in edit(folder):
        bundle = {"image/png": '" onerror="alert(1)', "image/svg+xml": BAD[0], "text/html": BAD[0]}
        attachments = {
            "a.png": bundle,
            '"><script>alert(1)</script>': {"image/png": BAD[0]},
            "x": 3,
            "\ud800": {"image/png": "\ud800"},
        }
        notebook["cells"] += [markdown(text, attachments=attachments) for text in BAD]
        notebook["cells"] += [
            {"cell_type": "raw", "metadata": {"raw_mimetype": "text/html"}, "source": text} for text in BAD
        ]
        saved = code("1")
        saved["outputs"] = [
            {"output_type": "display_data", "metadata": {}, "data": {"text/html": text}} for text in BAD
        ]
        notebook["cells"].append(saved)
        notebook["metadata"]["title"] = notebook["metadata"]["authors"] = BAD[0]
        notebook["metadata"]["language_info"] = {"name": "python", "pygments_lexer": BAD[0], "codemirror_mode": BAD[0]}
