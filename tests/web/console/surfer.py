"""Somebody who uses the console as a browser without scripts would: follows links, fills in forms, keeps cookies."""

from dataclasses import dataclass, field
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import httpx
from lxml import html

from tests.access.people import PASSWORD
from tests.web.stage import Stage

BASE = "http://testserver"


@dataclass
class Surfer:
    """One browser before the stage; `page` is what it shows."""

    stage: Stage
    cookies: dict[str, str] = field(default_factory=dict)
    answer: httpx.Response = field(init=False)

    def go(self, address: str) -> "Surfer":
        """To an address, and on to where that leads."""
        return self._follow("GET", address)

    def press(self, act: str, **given: str) -> "Surfer":
        """Send the form on the page whose address ends with `act`, with what is given in its fields."""
        form = self.form(act)
        values = {str(name): str(value) for name, value in form.form_values()}
        known = set(form.xpath(".//*[self::input or self::select or self::textarea or self::button]/@name"))
        assert given.keys() <= known, f"the form {act} has no {given.keys() - known}, only {sorted(known)}"
        if form.method == "GET":
            return self._follow("GET", f"{urldefrag(str(form.action)).url}?{urlencode({**values, **given})}")
        return self._follow(form.method, str(form.action), {**values, **given})

    def press_twice(self, act: str) -> tuple[str, str]:
        """Send the form on the page as it was shown, two times: where each leads."""
        form = self.form(act)
        values, address = {str(name): str(value) for name, value in form.form_values()}, str(form.action)
        return self._follow("POST", address, values).place, self._follow("POST", address, values).place

    def send(self, address: str, **given: str) -> "Surfer":
        """Post to an address that no form on the page leads to, with the token of the page."""
        return self._follow("POST", address, {"csrf_token": self.token, **given})

    def log_in(self, email: str, password: str = PASSWORD) -> "Surfer":
        """Log in on the page for it."""
        return self.go("/console/login").press("/login", email=email, password=password)

    @property
    def page(self) -> html.HtmlElement:
        """The page."""
        return html.document_fromstring(self.answer.text)

    @property
    def text(self) -> str:
        """What a person reads on it, in one line."""
        return " ".join(self.page.find("body").text_content().split())

    @property
    def place(self) -> str:
        """Path and query of the page."""
        parts = urlsplit(str(self.answer.request.url))
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def token(self) -> str:
        """The token in the page's forms."""
        return str(self.page.xpath("//input[@name='csrf_token']/@value")[0])

    def form(self, act: str) -> html.FormElement:
        """The form that leads to that act."""
        found = [form for form in self.page.forms if urlsplit(str(form.action)).path.endswith(act)]
        assert found, f"no form leads to {act}, only to {[form.action for form in self.page.forms]}: {self.text[:400]}"
        return found[0]

    def links(self) -> list[str]:
        """Where the page leads."""
        return [str(link) for link in self.page.xpath("//a/@href")]

    def _follow(self, method: str, address: str, posted: dict[str, str] | None = None) -> "Surfer":
        for _ in range(5):
            headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            self.stage.client.cookies.clear()  # each surfer has its own
            self.answer = self.stage.client.request(
                method.upper(), urljoin(f"{BASE}{self._here}", address), data=posted, headers=headers
            )
            self._keep(self.answer)
            if self.answer.status_code not in {303, 307}:
                break
            method, address, posted = "GET", self.answer.headers["location"], None
        return self

    @property
    def _here(self) -> str:
        return self.place if hasattr(self, "answer") else "/console/"

    def _keep(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            gone = not value or value == '""' or "max-age=0" in line.lower()
            if gone:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
