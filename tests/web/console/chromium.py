"""A Chromium without a window, and short words for what a person does in it. Pictures are kept below `build/`."""

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.cli.command import PROJECT

PICTURES = PROJECT / "build" / "screenshots"
PATIENCE = 60.0


class Browser:
    """One browser at the console of that address."""

    def __init__(self, driver: Chrome, base: str) -> None:
        self._driver = driver
        self._base = base
        self._wait = WebDriverWait(driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException])

    def go(self, address: str) -> None:
        """To an address of the console, or a whole one."""
        self._driver.get(address if address.startswith("http") else f"{self._base}{address}")

    def press(self, act: str, **given: str) -> None:
        """Fill in the form whose address ends with `act`, send it, and wait for the page that follows."""
        form = self.one(f"form[action$='{act}']")
        for name, text in given.items():
            self._fill(form.find_element(By.NAME, name), text)
        page = self.one("html")
        form.find_element(By.CSS_SELECTOR, "button:not([type=button])").click()
        dialog = self._driver.find_elements(By.CSS_SELECTOR, "dialog[open] [value=yes]")
        if dialog:
            dialog[0].click()
        self._wait.until(lambda _: _gone(page))

    def follow(self, address: str) -> None:
        """Click the link whose address ends so."""
        page = self.one("html")
        self.one(f"a[href$='{address}']").click()
        self._wait.until(lambda _: _gone(page))

    def one(self, selector: str) -> WebElement:
        """The element, once it is there."""
        return self._wait.until(lambda driver: driver.find_element(By.CSS_SELECTOR, selector))

    def has(self, selector: str) -> bool:
        """Whether the page has such an element."""
        return bool(self._driver.find_elements(By.CSS_SELECTOR, selector))

    def until_says(self, text: str) -> None:
        """Wait until the page says it, by itself."""
        self._wait.until(lambda driver: text in driver.find_element(By.TAG_NAME, "body").text, f"{text!r}: {self.text}")

    @property
    def text(self) -> str:
        """What a person reads."""
        return self.one("body").text

    @property
    def place(self) -> str:
        """Path and query of the page."""
        return self._driver.current_url.removeprefix(self._base)

    def picture(self, name: str, width: int = 1280, height: int = 900) -> None:
        """Keep a picture of the page, as high as it is."""
        self._driver.set_window_size(width, height)
        size = self._driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": width, "height": min(max(size["height"], height), 3000), "scale": 1}
        shot = self._driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        PICTURES.mkdir(parents=True, exist_ok=True)
        (PICTURES / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """What the browser wrote into its console: scripts that failed, what the page's policy refused."""
        return [str(entry["message"]) for entry in self._driver.get_log("browser") if entry["level"] == "SEVERE"]

    def _fill(self, field: WebElement, text: str) -> None:
        if field.tag_name == "select":
            field.find_element(By.CSS_SELECTOR, f"option[value='{text}']").click()
        elif field.get_attribute("type") == "checkbox":
            if field.is_selected() != bool(text):
                field.click()
        else:
            field.clear()
            field.send_keys(text)


@contextmanager
def chromium(base: str, folder: Path, language: str = "en") -> Iterator[Browser]:
    """A browser with nothing in it."""
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", f"--lang={language}",
        f"--user-data-dir={folder / 'profile'}", f"--accept-lang={language}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    try:
        yield Browser(driver, base)
    finally:
        driver.quit()


def _gone(element: WebElement) -> bool:
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    return False
