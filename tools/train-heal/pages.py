"""pages.py - pages of our own invention, and what becomes of them.

A page is drawn by lot as widgets (forms, tables, cards, toolbars, …) of which each element has a
key.  Rendering it twice, in one style or in two, and changing it on the way gives an old and a new
page whose elements with equal keys are the same.  Nothing here comes from any public data set.
"""
import random

# What people call a thing; a redesign may take another name of the same line.
NAMES = """Save|Save changes|Store|Apply changes
Cancel|Discard|Never mind
Delete|Remove|Erase
Edit|Change|Modify|Update
Add|New|Create
Search|Find|Look up
Filter|Filters|Refine|Narrow results
Export|Download CSV|Download
Import|Upload|Upload file
Invite member|Add people|Invite teammate
Submit|Send|Done|Continue
Sign in|Log in|Login|Enter
Sign up|Register|Create account|Join now
Sign out|Log out|Leave
Forgot password?|Reset password|Can't sign in?|Lost your password
Keep me logged in|Stay signed in|Remember this device|Remember me
Email|Email address|Work email|E-mail
Password|Your password|Passphrase
Username|User name|Login name|Account name
First name|Given name|Name
Last name|Surname|Family name
Phone|Phone number|Telephone|Mobile
Street|Address|Address line 1
City|Town|Town or city
Postcode|ZIP code|Postal code
Country|Country or region|Nation
Company|Organisation|Employer|Business name
Card number|Credit card|Number on card
Expiry date|Valid until|Expires
Security code|CVC|CVV
Quantity|Amount|How many|Qty
Price|Cost|Unit price
Total|Sum|Grand total|Order total
Message|Your message|Comment|Notes
Subject|Topic|Title
Description|Details|About
Date of birth|Birthday|Born on
Start date|From|Begins
End date|Until|To|Ends
Priority|Importance|Urgency
Status|State|Condition
Assignee|Assigned to|Owner|Responsible
Due date|Deadline|Due
Project|Workspace|Space
Settings|Preferences|Options
Profile|My account|Account
Dashboard|Overview|Home
Reports|Analytics|Insights
Orders|Purchases|Order history
Customers|Clients|Contacts
Products|Catalogue|Items|Goods
Invoices|Bills|Billing
Team|Members|People|Users
Help|Support|Help centre
Contact|Contact us|Get in touch
About us|Our story|Company info
Privacy|Privacy policy|Data protection
Terms|Terms of service|Conditions|Legal terms
Imprint|Legal notice
Blog|News|Journal
Careers|Jobs|Work with us
Next|Next page|Forward|Older
Previous|Previous page|Back|Newer
First|First page|Beginning
Add to basket|Add to cart|Buy|Put in bag
Add to favourites|Save for later|Like|Wish for
Compare|Add to comparison
Checkout|Go to checkout|Proceed|Pay
Basket|Cart|Shopping bag
Sort by|Order by|Sort
Grid|Tiles|Grid layout
List|Rows|List layout
In stock|Available now|Only available
On offer|Discounted|Reduced
Clear|Reset|Clear all|Start over
Refresh|Reload|Update view
Print|Print page
Share|Share link|Send to a friend
Copy|Duplicate|Copy link
Archive|Move to archive|Put away
Approve|Accept|Confirm
Reject|Decline|Refuse
Assign|Hand over|Delegate
Close|Dismiss|Hide
Show details|More|Expand|View more
Language|Choose language|Locale
Currency|Choose currency
Theme|Appearance|Dark mode
Notifications|Alerts|Notify me
Newsletter|Subscribe to newsletter|Send me news
I agree to the terms|Accept conditions|I have read the terms
Continue with Google|Google|Sign in using Google
Continue with GitHub|GitHub|Sign in using GitHub
Continue with Facebook|Facebook|Sign in using Facebook
Company login|Single sign-on|Use SSO|Enterprise login
Show password|Reveal password|Toggle password visibility
Activity|History|Timeline|Recent changes
Files|Documents|Attachments
Comments|Discussion|Conversation
Tasks|To do|Todo list|Action items
Calendar|Schedule|Agenda
Revenue|Income|Turnover
Visitors|Visits|Traffic
Conversion|Conversion rate
Open tickets|Unresolved|Open issues
Phone call|Call|Ring
Schedule meeting|Plan a meeting|New meeting
Upgrade|Upgrade plan|Go premium|Change plan
Plan|Subscription|Package
Role|Permission|Access level
Actions|Operations
Created|Created at|Added on
Size|Dimensions|Format
Colour|Color|Shade
Rating|Reviews|Stars
Publish|Go live|Release
Preview|See preview|Try it
Play|Start|Run
Stop|Halt|End
Welcome back|Hello again|Good to see you
Something went wrong|Wrong email or password|Login failed|Please check your input""".split("\n")
NAMES = [line.split("|") for line in NAMES]
BY_NAME = {line[0]: line for line in NAMES}
FORM = [n for n in range(len(NAMES)) if NAMES[n][0] in (
    "Email|Password|Username|First name|Last name|Phone|Street|City|Postcode|Country|Company|Card number|"
    "Expiry date|Security code|Quantity|Price|Message|Subject|Description|Date of birth|Start date|End date|"
    "Priority|Status|Assignee|Due date|Project|Language|Currency").split("|")]
BUTTONS = [n for n in range(len(NAMES)) if NAMES[n][0] in (
    "Save|Cancel|Delete|Edit|Add|Search|Filter|Export|Import|Invite member|Submit|Refresh|Print|Share|Copy|Archive|"
    "Approve|Reject|Assign|Close|Show details|Upgrade|Publish|Preview|Play|Stop|Phone call|Schedule meeting|Clear|"
    "Compare|Checkout|Add to favourites|Sign in|Sign up|Company login|Add to basket|Next|Show password").split("|")]
LINKS = [n for n in range(len(NAMES)) if NAMES[n][0] in (
    "Settings|Profile|Dashboard|Reports|Orders|Customers|Products|Invoices|Team|Help|Contact|About us|Privacy|Terms|"
    "Imprint|Blog|Careers|Activity|Files|Comments|Tasks|Calendar|Basket|Sign out|Forgot password?|Sign up").split("|")]
CHECKS = [n for n in range(len(NAMES)) if NAMES[n][0] in (
    "Keep me logged in|In stock|On offer|Newsletter|I agree to the terms|Notifications|Theme").split("|")]
COLUMNS = [n for n in range(len(NAMES)) if NAMES[n][0] in (
    "Status|Role|Created|Due date|Total|Priority|Assignee|Company|Country|Price|Quantity|Plan|Size|Project").split("|")]
FIRST = "Mara Jonas Olu Priya Chen Lena Tomas Aiko Ravi Ines Noor Karl Elif Juan Zoe Piet Vera Hugo Anya Samir".split()
LAST = "Okafor Lindqvist Moreau Tanaka Novak Silva Brandt Haddad Kowalski Jensen Rossi Gupta Weber Costa Mwangi".split()
THINGS = ("Oak desk|Linen shirt|Steel kettle|Trail shoes|Desk lamp|Wool scarf|Clay pot|Paper notebook|Glass jug|Rain coat|"
          "Wall clock|Bread knife|Yoga mat|Bike light|Travel pillow|Felt hat|Coffee grinder|Garden hose|Phone stand|"
          "Leather belt|Toy train|Picture frame|Water bottle|Running socks|Pocket knife|Tea towel").split("|")
WORDS = "Acme Nimbus Orbit Fable Quartz Lumen Harbor Pixel Cedar Vertex".split()
STATES = "Active Suspended Invited Pending Closed Open Draft Paid Overdue Shipped".split()
BRANDS = "Google GitHub Facebook Apple Microsoft LinkedIn Slack Okta Amazon Yahoo GitLab Spotify".split()
PHRASES = ["Continue with %s", "Sign in with %s", "%s", "Connect %s", "Use your %s account", "Log in using %s"]
STYLES = ["plain", "boot", "mui", "ant", "wind", "bem"]


class El:
    """An element; `key` names what it is, None: a wrapper.  `inner`: texts and elements."""

    def __init__(self, tag, attrs=None, inner=(), key=None, block=None):
        self.tag, self.attrs, self.inner, self.key = tag, dict(attrs or {}), list(inner), key
        self.block = tag in ("html body div header main footer section form ul ol li table tbody thead tr h1 h2 h3 h4 p "
                             "nav article aside details fieldset").split() if block is None else block

    def kids(self):
        return [x for x in self.inner if isinstance(x, El)]

    def walk(self):
        yield self
        for kid in self.kids():
            yield from kid.walk()


def slug(text, rng=None, style="kebab"):
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()[:3]
    if style == "camel":
        return words[0] + "".join(w.title() for w in words[1:])
    return ("_" if style == "snake" else "-").join(words)


def drawn(rng, n=5):
    return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(n)) + rng.choice("0123456789")


class Render:
    """Renders widgets in a style; `rename`: chance that a name is another one of its line."""

    def __init__(self, rng, style, rename=0.0):
        self.rng, self.style, self.rename = rng, style, rename
        self.case = rng.choice(["kebab", "camel", "snake"])
        self.ids = {"plain": .8, "boot": .7, "mui": .2, "ant": .25, "wind": .2, "bem": .4}[style]
        self.testids = rng.choice([0, 0, 0, .6])
        self.said = {}

    def name(self, n):
        if n not in self.said:
            line = NAMES[n]
            self.said[n] = self.rng.choice(line[1:]) if self.rng.random() < self.rename else line[0]
        return self.said[n]

    def cls(self, what, more=""):
        rng = self.rng
        made = {"plain": what, "boot": {"btn": "btn btn-" + rng.choice(["primary", "secondary", "link"]),
                                        "field": "form-control", "group": "form-group mb-3"}.get(what, what),
                "mui": "Mui%s-root css-%s" % (what.title(), drawn(rng)), "ant": "ant-" + what,
                "wind": rng.choice(["px-4 py-2 rounded", "flex items-center gap-2", "text-sm font-medium", "mt-4 w-full"]),
                "bem": "c-%s c-%s--%s" % (what, what, rng.choice(["main", "alt", "sm"]))}[self.style]
        return {"class": (made + " " + more).strip()}

    def wrap(self, el, what="box"):
        return El("div" if el.block else "span", self.cls(what), [el])

    def ident(self, text):
        attrs = {}
        if self.rng.random() < self.ids:
            attrs["id"] = slug(text, style=self.case)
        elif self.style in ("mui", "ant") and self.rng.random() < .2:
            attrs["id"] = rng_id(self.rng)
        if self.rng.random() < self.testids:
            attrs["data-testid"] = slug(text)
        return attrs

    def button(self, text, key, kind="btn", orig=None):
        attrs = {**self.cls(kind), **self.ident(orig or text)}
        inner = [text]
        if self.style in ("mui", "ant"):
            inner = [El("span", {"class": "ant-btn-label"} if self.style == "ant" else {}, [text])]
        if self.rng.random() < .3:
            attrs["type"] = "button"
        if self.style == "plain" and self.rng.random() < .1:
            attrs.update(type="submit", value=text)
            return El("input", attrs, [], key)
        if self.rng.random() < .06:
            return El("div", {**attrs, "role": "button", "tabindex": "0"}, [text], key)
        if self.rng.random() < .12:
            attrs["aria-label"] = text
            inner = [El("svg", {}, [El("path", {"d": "M0 0"})])] if self.rng.random() < .6 else [self.rng.choice("×›✎⋯+")]
        return El("button", attrs, inner, key)

    def link(self, text, key, orig=None):
        href = self.rng.choice(["/", "/app/", "#", "?view="]) + slug(orig or text)
        return El("a", {"href": href, **(self.cls("link") if self.rng.random() < .5 else {}), **self.ident(orig or text)},
                  [text], key)

    def field(self, n, key, kind=None):
        text, orig, rng = self.name(n), NAMES[n][0], self.rng
        attrs = {**self.cls("field"), **self.ident(orig)}
        if rng.random() < .6:
            attrs["name"] = slug(orig if rng.random() < .7 else rng.choice(NAMES[n]), style=self.case)
        if kind == "select":
            names = [rng.choice(STATES) for _ in range(3)]
            if self.style in ("mui", "ant"):
                box = El("div", {"role": "combobox", "aria-haspopup": "listbox", "tabindex": "0", **attrs}, [names[0]], key)
            else:
                box = El("select", attrs, [El("option", {}, [s]) for s in names], key)
        elif kind == "area" or orig in ("Message", "Description"):
            box = El("textarea", attrs, [], key)
        else:
            kinds = {"Email": "email", "Password": "password", "Phone": "tel", "Quantity": "number", "Search": "search"}
            attrs["type"] = kinds.get(orig, "date" if "date" in orig.lower() and rng.random() < .6 else "text")
            if rng.random() < .25:
                attrs["autocomplete"] = {"Email": "email", "Password": "current-password"}.get(orig, "on")
            box = El("input", attrs, [], key)
        if rng.random() < .35 and box.tag != "select":
            box.attrs["placeholder"] = rng.choice([text, "Enter " + text.lower(), "e.g. " + rng.choice(LAST)])
        way = rng.random()
        inner = self.wrap(box, "input") if self.style in ("mui", "ant") else box
        if way < .6:
            box.attrs.setdefault("id", rng_id(rng) if self.style in ("mui", "wind") else slug(orig) + "-field")
            return El("div", self.cls("group"), [El("label", {"for": box.attrs["id"]}, [text], key + "/label"), inner])
        if way < .75:
            return El("label", self.cls("group"), [text + " ", inner], key + "/label")
        box.attrs["aria-label"] = text
        return El("div", self.cls("group"), [inner])

    def check(self, n, key):
        text = self.name(n)
        box = El("input", {"type": "checkbox", **self.ident(NAMES[n][0])}, [], key)
        if self.rng.random() < .4:
            box.attrs["name"] = slug(NAMES[n][0], style=self.case)
        if self.style in ("mui", "ant", "wind"):
            return El("label", self.cls("check"), [El("span", self.cls("box"), [box]), El("span", {}, [text])], key + "/label")
        box.attrs.setdefault("id", slug(NAMES[n][0]) + "-check")
        return El("div", self.cls("check"), [box, El("label", {"for": box.attrs["id"]}, [text], key + "/label")])


def rng_id(rng):
    return rng.choice([":r%s:" % drawn(rng, 1), "radix-%d" % rng.randrange(99), "input-%d" % rng.randrange(10000, 99999)])


# ---- widgets: a plan drawn once, rendered in any style ----

def plan(rng):
    """What a page has: a list of (kind, key, data)."""
    kinds = ["form", "form", "table", "cards", "toolbar", "tabs", "pager", "stats", "notes", "filters", "text", "sso", "sso", "alert"]
    chosen = rng.sample(kinds, rng.randrange(3, 7))
    page = [("nav", "nav", {"links": rng.sample(LINKS, rng.randrange(3, 7)), "lang": rng.random() < .4}),
            ("title", "title", {"n": rng.randrange(len(NAMES))})]
    for at, kind in enumerate(chosen):
        key, data = "%s%d" % (kind, at), {}
        if kind == "form":
            data = {"fields": rng.sample(FORM, rng.randrange(2, 8)), "checks": rng.sample(CHECKS, rng.randrange(0, 3)),
                    "buttons": rng.sample(BUTTONS, rng.randrange(1, 4)), "selects": rng.random() < .5}
        elif kind == "table":
            people = rng.random() < .6
            rows = [(rng.choice(FIRST) + " " + rng.choice(LAST)) if people else rng.choice(THINGS)
                    for _ in range(rng.randrange(3, 9))]
            data = {"cols": rng.sample(COLUMNS, rng.randrange(1, 5)), "rows": list(dict.fromkeys(rows)),
                    "actions": rng.sample(BUTTONS, rng.randrange(1, 4)), "check": rng.random() < .5, "mail": people}
        elif kind in ("cards", "notes"):
            rows = rng.sample(THINGS, rng.randrange(3, 8)) if kind == "cards" else \
                [rng.choice(FIRST) + " " + rng.choice(LAST) for _ in range(rng.randrange(2, 6))]
            data = {"rows": list(dict.fromkeys(rows)), "actions": rng.sample(BUTTONS, rng.randrange(1, 3)),
                    "say": {}, "img": rng.random() < .7}
        elif kind == "sso":
            data = {"brands": rng.sample(BRANDS, rng.randrange(2, 6)), "phrase": rng.choice(PHRASES)}
        elif kind == "toolbar":
            data = {"buttons": rng.sample(BUTTONS, rng.randrange(2, 6))}
        elif kind == "tabs":
            data = {"links": rng.sample(LINKS, rng.randrange(3, 6))}
        elif kind == "stats":
            data = {"names": rng.sample(range(len(NAMES)), rng.randrange(2, 5))}
        elif kind == "filters":
            data = {"checks": rng.sample(CHECKS, rng.randrange(1, 4)), "fields": rng.sample(FORM, rng.randrange(1, 3)),
                    "buttons": rng.sample(BUTTONS, 1)}
        page.append((kind, key, data))
    page.append(("footer", "footer", {"links": rng.sample(LINKS, rng.randrange(2, 6))}))
    return page


def title(r, n, key, tag="h2"):
    tag = tag if r.rng.random() < .7 else r.rng.choice(["h1", "h2", "h3", "h4"])
    return El(tag, r.cls("title") if r.rng.random() < .5 else {}, [r.name(n)], key)


def row_value(key, col, salt=0):
    rng = random.Random("%s/%s/%s" % (key, col, salt))
    return rng.choice([rng.choice(STATES), "%d.%02d" % (rng.randrange(1, 900), rng.randrange(100)),
                       "2026-%02d-%02d" % (rng.randrange(1, 13), rng.randrange(1, 29))])


def text_in(e):
    return [x for x in e.inner if isinstance(x, str) and x.isascii()] + [t for k in e.kids() for t in text_in(k)]


def table(r, key, d):
    grid = r.style in ("ant", "mui") and r.rng.random() < .6
    el = (lambda tag, role: (lambda a, i, k=None: El("div", {**a, "role": role}, i, k, True))) if grid else \
        (lambda tag, role: (lambda a, i, k=None: El(tag, a, i, k)))
    tr, th, td = el("tr", "row"), el("th", "columnheader"), el("td", "gridcell")
    with_id = r.rng.random() < r.ids
    labelled = r.rng.random() < .35
    head = ([th({}, [El("input", {"type": "checkbox", "aria-label": "Select all"}, [], key + "/all")])] if d["check"] else [])
    head += [th({}, ["Name"], key + "/h-name")] + [th({"data-col": slug(NAMES[c][0])} if r.rng.random() < .3 else {},
                                                    [r.name(c)], "%s/h%d" % (key, c)) for c in d["cols"]] + [th({}, [r.name(NAMES.index(BY_NAME["Actions"]))])]
    body = []
    for who in d["rows"]:
        k, v = "%s/%s" % (key, who), "%s/%s" % (key, d.get("as", {}).get(who, who))
        cells = [td({}, [El("input", {"type": "checkbox", "name": "pick", **({"value": str(len(who))} if r.rng.random() < .4 else {})},
                            [], k + "/pick")])] if d["check"] else []
        shown = d.get("say", {}).get(who, who)
        name = [r.link(shown, k + "/name")] if d["mail"] and r.rng.random() < .3 else [shown]
        cells.append(td(r.cls("name") if r.rng.random() < .3 else {}, name, k + "/name-cell"))
        cells += [td({}, [El("span", r.cls("badge"), [row_value(v, c)], "%s/b%d" % (k, c))] if c % 3 == 0 else [row_value(v, c)],
                     "%s/c%d" % (k, c)) for c in d["cols"]]
        cells.append(td(r.cls("actions"), [r.button(r.name(b), "%s/a%d" % (k, b), orig=NAMES[b][0]) for b in d["actions"]]))
        for kid in cells[-1].walk():
            if labelled and kid.tag == "button":
                kid.attrs["aria-label"] = "%s %s" % (" ".join(text_in(kid)) or kid.attrs.get("aria-label", ""), shown)
            kid.attrs.pop("id", None)
            kid.attrs.pop("data-testid", None)
        body.append(tr({"id": slug(who)} if with_id else {}, cells, k))
    if grid:
        return El("div", {"role": "grid", **r.cls("table")}, [El("div", {"role": "rowgroup"}, [tr({}, head)]),
                                                              El("div", {"role": "rowgroup"}, body)], key)
    return El("table", {**r.cls("table"), **r.ident(key)}, [El("thead", {}, [tr({}, head)]), El("tbody", {}, body)], key)


def cards(r, key, d, kind):
    out = []
    as_list = r.rng.random() < .5
    links = r.rng.random() < .6
    for at, who in enumerate(d["rows"]):
        k = "%s/%s" % (key, who)
        shown = d["say"].get(who, who)
        inner = []
        if kind == "cards" and d["img"]:
            img = El("img", {"src": "/i/%s.jpg" % slug(who), **({"alt": shown} if r.rng.random() < .6 else {"alt": ""})}, [], k + "/img")
            inner.append(El("a", {"href": "/p/" + slug(who)}, [img]) if r.style in ("mui", "wind") else img)
        head = r.link(shown, k + "/name", who) if links else El("span", {}, [shown], k + "/name")
        inner.append(El(r.rng.choice(["h3", "h4", "div"]), r.cls("name"), [head]))
        price = row_value("%s/%s" % (key, d.get("as", {}).get(who, who)), "price")
        inner.append(El("span", r.cls("price"), [price], k + "/price"))
        labelled = r.rng.random() < .4
        for b in d["actions"]:
            button = r.button(r.name(b), "%s/a%d" % (k, b), orig=NAMES[b][0])
            button.attrs.pop("id", None)
            button.attrs.pop("data-testid", None)
            if labelled:
                button.attrs["aria-label"] = "%s %s" % (r.name(b), shown)
            inner.append(button)
        if r.style in ("mui", "wind"):
            inner = [El("div", r.cls("body"), inner)]
        card = El("article" if r.style in ("mui", "bem") else "div", {**r.cls("card"), **({"data-id": str(100 + at)} if r.ids > .5 else {})}, inner, k)
        out.append(El("li", {}, [card]) if as_list else card)
    return El("ul" if as_list else "div", r.cls("list"), out, key)


def widget(r, kind, key, d):
    rng = r.rng
    buttons = lambda: [r.button(r.name(b), "%s/b%d" % (key, b), orig=NAMES[b][0]) for b in d["buttons"]]
    links = lambda: [r.link(r.name(n), "%s/l%d" % (key, n), NAMES[n][0]) for n in d["links"]]
    if kind == "nav":
        logo = El("img", {"src": "/logo.svg", "alt": "Logo"}, [], key + "/logo") if r.style != "mui" else \
            El("svg", {"role": "img", "aria-label": "Logo"}, [El("path", {"d": "M1"})], key + "/logo")
        inner = [El("a", {"href": "/", **r.cls("brand")}, [logo], key + "/home"),
                 El("nav", {}, [El("ul", {}, [El("li", {}, [x]) for x in links()])] if r.style in ("ant", "boot") else links())]
        if d["lang"]:
            inner.append(r.field(NAMES.index(BY_NAME["Language"]), key + "/lang", "select"))
        return El("header", r.cls("bar"), inner, key)
    if kind == "title":
        return title(r, d["n"], key, "h1")
    if kind == "form":
        inner = [r.field(n, "%s/f%d" % (key, n), "select" if d["selects"] and n % 3 == 0 else None) for n in d["fields"]]
        inner += [r.check(n, "%s/c%d" % (key, n)) for n in d["checks"]]
        rest = buttons()
        if r.style in ("mui", "ant", "wind"):
            rest = [El("div", r.cls("actions"), rest)]
        return El("form", {**r.cls("form"), **r.ident(key)}, inner + rest, key)
    if kind == "table":
        return table(r, key, d)
    if kind in ("cards", "notes"):
        return cards(r, key, d, kind)
    if kind == "sso":
        made = [r.button(d["phrase"] % b, key + "/" + b, orig=b) for b in d["brands"]]
        for button, brand in zip(made, d["brands"]):
            if rng.random() < .4:
                button.attrs["class"] += " btn-" + brand.lower()
        return El("div", r.cls("sso"), made, key)
    if kind == "toolbar":
        return El("div", r.cls("toolbar"), buttons(), key)
    if kind == "tabs":
        tabs = links()
        if r.style in ("mui", "ant"):
            for tab in tabs:
                tab.tag, tab.attrs = "button", {"role": "tab", **r.cls("tab")}
            return El("div", {"role": "tablist"}, tabs, key)
        return El("div", r.cls("tabs"), tabs, key)
    if kind == "pager":
        n = [NAMES.index(BY_NAME[x]) for x in ("Previous", "Next")]
        make = (lambda t, k: r.button(t, k)) if r.style in ("ant", "mui") else (lambda t, k: r.link(t, k))
        items = [make(r.name(n[0]), key + "/prev")] + [make(str(i), "%s/%d" % (key, i)) for i in (1, 2, 3)] + [make(r.name(n[1]), key + "/next")]
        return El("ul", r.cls("pager"), [El("li", {}, [x]) for x in items], key) if r.style in ("ant", "boot") else \
            El("div", r.cls("pager"), items, key)
    if kind == "stats":
        return El("div", r.cls("stats"), [El("div", r.cls("stat"), [
            El("span", r.cls("label"), [r.name(n)], "%s/s%d" % (key, n)),
            El(rng.choice(["span", "strong"]), {**r.cls("value")}, [row_value(key, n)], "%s/v%d" % (key, n))], "%s/%d" % (key, n))
            for n in d["names"]], key)
    if kind == "filters":
        inner = [r.check(n, "%s/c%d" % (key, n)) for n in d["checks"]] + [r.field(n, "%s/f%d" % (key, n)) for n in d["fields"]]
        return El("aside" if r.style in ("mui", "bem") else "div", r.cls("filters"), inner + buttons(), key)
    if kind == "alert":
        return El("div", {"role": "alert", **r.cls("alert"), **r.ident("error")}, [r.name(len(NAMES) - 1)], key)
    if kind == "footer":
        return El("footer", r.cls("footer"), links(), key)
    n = rng.randrange(len(NAMES)) if "n" not in d else d["n"]
    d["n"] = n
    return El("p", r.cls("text"), [r.name(n), " ", r.link(r.name(NAMES.index(BY_NAME["Sign up"])), key + "/link")], key)


def render(rng, page, style, rename=0.0):
    r = Render(rng, style, rename)
    parts = {key: widget(r, kind, key, d) for kind, key, d in page}
    keys = [key for _, key, _ in page]
    main = [parts[k] for k in keys if k not in ("nav", "footer")]
    inner = [parts["nav"], El("main", r.cls("main"), main), parts["footer"]]
    if rng.random() < .15:  # ids by number, which say nothing
        for part in inner:
            for at, e in enumerate(x for x in part.walk() if x.tag in ("a", "button")):
                e.attrs["id"] = "%s-item%d" % (part.tag, at)
    if rng.random() < .5:
        inner = [El("div", {"id": rng.choice(["root", "app", "main"])}, inner)]
    return El("html", {"lang": "en"}, [El("body", {}, inner)])


# ---- changes ----

def permute(rng, items):
    items = list(items)
    rng.shuffle(items)
    return items


def redesign(rng, page):
    """The same page as somebody else would plan it; returns it without what was removed."""
    out = []
    for kind, key, d in page:
        d = {k: (dict(v) if isinstance(v, dict) else list(v) if isinstance(v, list) else v) for k, v in d.items()}
        for part, pool in (("links", LINKS), ("fields", FORM), ("buttons", BUTTONS), ("checks", CHECKS), ("actions", BUTTONS),
                           ("cols", COLUMNS)):
            if part not in d:
                continue
            if rng.random() < .5:
                d[part] = permute(rng, d[part])
            for item in list(d[part]):
                if len(d[part]) > 1 and rng.random() < .1:
                    at = d[part].index(item)
                    d[part].remove(item)
                    if rng.random() < .6:
                        other = rng.choice(pool)
                        if other not in d[part] and other != item:
                            d[part].insert(at, other)
        if "brands" in d:
            if rng.random() < .5:
                d["phrase"] = rng.choice(PHRASES)
            if rng.random() < .7:
                d["brands"][rng.randrange(len(d["brands"]))] = rng.choice(BRANDS)
                d["brands"] = list(dict.fromkeys(d["brands"]))
        if "rows" in d:
            if rng.random() < .6:
                d["rows"] = permute(rng, d["rows"])
            if rng.random() < .5 and len(d["rows"]) > 2:
                at = rng.randrange(len(d["rows"]))
                gone = d["rows"].pop(at)
                other = rng.choice(THINGS) if gone in THINGS else rng.choice(FIRST) + " " + rng.choice(LAST)
                if rng.random() < .7 and other not in d["rows"] and other != gone:
                    d["rows"].insert(at, other)
                    if rng.random() < .6:  # somebody else with the same values
                        d.setdefault("as", {})[other] = gone
            for who in d["rows"] if d.get("mail") and rng.random() < .4 else ():
                if rng.random() < .4:
                    first, last = who.split(" ", 1)
                    d.setdefault("say", {})[who] = rng.choice(["%s %s. %s" % (first, rng.choice("ABCDEW"), last), "%s, %s" % (last, first),
                                                               "%s. %s" % (first[0], last)])
            for who in d["rows"] if kind == "cards" else ():
                if rng.random() < .3:
                    d["say"][who] = rng.choice([who + " " + rng.choice(["XL", "mini", "blue", "set"]), "Fine " + who.lower(),
                                                who.split()[-1].title() + ", " + who.split()[0].lower()])
        if kind not in ("nav", "footer", "title") and rng.random() < .06:
            continue
        out.append((kind, key, d))
    middle = [x for x in out if x[0] not in ("nav", "footer")]
    if rng.random() < .5:
        middle = permute(rng, middle)
    return [x for x in out if x[0] == "nav"] + middle + [x for x in out if x[0] == "footer"]


def parents(root):
    return {id(k): e for e in root.walk() for k in e.kids()}


def drift(rng, root, ops):
    """Changes the rendered page in place, as one release does."""
    for op in ops:
        elements = [e for e in root.walk() if e.tag not in ("html", "body", "path")]
        above = parents(root)
        if op == "rehash":
            salt = {}
            for e in elements:
                if "class" in e.attrs and rng.random() < .8:
                    e.attrs["class"] = " ".join(salt.setdefault(c, rng.choice(["css-%s", c + "_%s", "sc-%s", c + "__%s"]).replace(
                        "%s", drawn(rng))) for c in e.attrs["class"].split())
        elif op == "ids":
            for e in elements:
                for name in ("id", "data-testid"):
                    if name in e.attrs and rng.random() < .6:
                        old = e.attrs[name]
                        new = rng.choice([None, old + "Field", "app-" + old, slug(old, style="camel"), rng_id(rng), "x-" + old])
                        for other in elements:
                            if other.attrs.get("for") == old and new and name == "id":
                                other.attrs["for"] = new
                        e.attrs.pop(name)
                        if new:
                            e.attrs[name] = new
        elif op == "attrs":
            for e in elements:
                for name in ("placeholder", "title", "name", "href", "data-testid", "data-id", "data-col", "src", "type"):
                    if name in e.attrs and rng.random() < .25:
                        value = e.attrs[name]
                        if name in ("type",):
                            continue
                        e.attrs.pop(name)
                        if rng.random() < .6:
                            e.attrs[rng.choice([name, "data-" + name.replace("data-", "")])] = rng.choice([value + "2", "v2" + value, value.upper()])
        elif op == "wrap":
            for e in rng.sample(elements, max(1, len(elements) // 8)):
                up = above.get(id(e))
                if up and e.tag not in ("tr", "td", "th", "tbody", "thead", "option", "li"):
                    at = next(i for i, x in enumerate(up.inner) if x is e)
                    up.inner[at] = El("div", {"class": rng.choice(["wrap", "inner", "col", "css-" + drawn(rng)])}, [e])
                    above = parents(root)
        elif op == "tags":
            swap = {"div": ["section", "article"], "span": ["em", "div", "b"], "h1": ["h2"], "h2": ["h3"], "h3": ["h4"], "button": ["a", "div"],
                    "a": ["button"], "header": ["div"], "footer": ["div"], "main": ["div"], "p": ["div"], "strong": ["span"]}
            for e in elements:
                if e.tag in swap and rng.random() < .3:
                    was, e.tag = e.tag, rng.choice(swap[e.tag])
                    if was == "button" and e.tag != "button" and rng.random() < .7:
                        e.attrs["role"] = "button"
        elif op == "text":
            for e in elements:
                for i, x in enumerate(e.inner):
                    if isinstance(x, str) and rng.random() < .25:
                        line = next((n for n in NAMES if x in n), None)
                        e.inner[i] = rng.choice(line) if line else rng.choice([x, x.upper(), x + "…", "Your " + x.lower()])
        elif op == "reorder":
            for e in rng.sample(elements, max(1, len(elements) // 10)) + [root]:
                if len(e.kids()) > 1 and len(e.kids()) == len(e.inner) and rng.random() < .8:
                    rng.shuffle(e.inner)
        elif op == "remove":
            for e in rng.sample(elements, max(1, len(elements) // 14)):
                up = above.get(id(e))
                if up and e in up.inner and sum(1 for _ in e.walk()) < len(elements) / 3:
                    up.inner.remove(e)
        elif op == "insert":
            for e in rng.sample(elements, max(1, len(elements) // 10)):
                up = above.get(id(e))
                if up and e in up.inner:
                    n = rng.choice(BUTTONS)
                    new = El(e.tag, {k: v for k, v in e.attrs.items() if k in ("class", "type", "role")}, [rng.choice(NAMES[n])])
                    if e.tag in ("input", "img", "textarea", "select"):
                        new = El("input", {"type": "text", "placeholder": rng.choice(NAMES[rng.choice(FORM)])})
                    if e.tag in ("tr", "tbody", "thead", "table"):
                        continue
                    at = next(i for i, x in enumerate(up.inner) if x is e)
                    up.inner.insert(at + rng.randrange(2), new)
    return root


OPS = ["rehash", "ids", "attrs", "wrap", "tags", "text", "reorder", "remove", "insert"]


def pair(seed):
    """(old, new, kind): two roots; kind drift, hard or redesign."""
    rng = random.Random(seed)
    page = plan(rng)
    kind = rng.choice(["drift", "hard", "redesign", "redesign"])
    style = rng.choice(STYLES)
    if kind == "redesign":
        old = render(random.Random(seed + 1), page, style)
        new = render(rng, redesign(rng, page), rng.choice(STYLES), rng.choice([.3, .5, .7]))
        if rng.random() < .6:
            drift(rng, new, rng.sample(["wrap", "insert", "tags", "remove", "attrs", "text", "ids"], 2))
    else:
        old = render(random.Random(seed + 1), page, style)
        new = render(random.Random(seed + 1), page, style)
        for root in (old, new):
            for at, e in enumerate(root.walk()):
                e.key = e.key or "#%d" % at
        drift(rng, new, rng.sample(OPS, rng.randrange(2, 5) if kind == "drift" else rng.randrange(6, 9)))
    return old, new, kind
