"""Texts that a careless page would run as a script: each way out of where a text can stand, with each way to run.

What they call is `xss()`. 10 ways out times 6 ways to run: POLYGLOTS has 60.
"""

OUT = (
    "",  # text
    '">',  # a quoted attribute
    "'>",
    " ",  # an attribute without quotes
    "</title>",  # elements that hold no elements
    "</textarea>",
    "</script>",
    "-->",  # a comment
    "</style>",
    "</option></select>",  # lists to choose from
)
RUN = (
    "<img src=x onerror=xss()>",
    "<svg onload=xss()>",
    "<script>xss()</script>",
    "<a href=javascript:xss()>",
    "<i x-data x-init=xss()>",  # the pages' own scripts look for these
    '" onfocus=xss() autofocus="',
)
POLYGLOTS = tuple(out + run for out in OUT for run in RUN)

# Before any script of a page: what counts the runs.
COUNTER = "window.ran = 0; window.xss = () => { window.ran += 1; };"

# Elements that a text has become: attributes and scripts that would run it, whatever the content policy says.
BECAME = """() => [...document.querySelectorAll('*')].filter((node) =>
    (node.tagName === 'SCRIPT' && !/json/.test(node.type) && node.textContent.includes('xss()'))
    || [...node.attributes].some((one) => one.value.includes('xss()')
        && (/^(on|x-|@|:)/.test(one.name) || /^javascript:/i.test(one.value.trim())))
).map((node) => node.outerHTML.slice(0, 200))"""
