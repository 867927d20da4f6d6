"""What axe finds wrong with a page, by the rules of WCAG 2.2 A and AA and its best practices."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def shortcomings(page: Page) -> list[str]:
    """One line for each element that breaks a rule; shadow roots included."""
    violations = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in violations for node in rule["nodes"]]
