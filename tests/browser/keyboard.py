"""Finding one's way with the Tab key alone."""

from playwright.sync_api import Page

#: Nothing on a page is further away than this.
_TABS = 150


def tab_to(page: Page, name: str, *, role: str = "", key: str = "Tab") -> None:
    """Press the key until what is focused has this name; what is focused must be seen to be."""
    for _ in range(_TABS):
        page.keyboard.press(key)
        focused = page.evaluate(
            """() => {
                const at = document.activeElement;
                const words = [...(at.labels || [])].map(label => label.innerText).join(" ");
                const named = at.getAttribute("aria-label") || words || at.innerText || at.value || "";
                const box = at.getBoundingClientRect();
                const style = getComputedStyle(at);
                return {
                    name: named.trim().split("\\n")[0],
                    role: at.getAttribute("role") || at.type || at.tagName.toLowerCase(),
                    isSeen: box.width > 0 && box.height > 0,
                    isMarked: style.outlineStyle !== "none" || style.boxShadow !== "none",
                };
            }"""
        )
        if focused["name"].startswith(name) and role in ("", focused["role"]):
            assert focused["isSeen"], f"{name} is focused, and nobody sees it"
            assert focused["isMarked"], f"nothing shows that {name} is focused"
            return
    raise AssertionError(f"{name} cannot be reached with the Tab key")
