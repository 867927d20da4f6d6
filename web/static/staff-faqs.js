// The editor says what it finds while somebody types; without this, "Check" does.

const WAIT = 600; // milliseconds after the last key

const form = document.querySelector("#editor");
const side = document.querySelector(".findings-side");
const said = document.querySelector("#said");
const told = document.querySelector("#findings-told");

let timer = 0;
let asked = 0;
let changed = false;

async function ask() {
  const number = ++asked;
  side.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.dataset.findings, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
    });
    if (number !== asked) return; // a later question is on its way
    if (response.redirected || !response.ok) {
      told.textContent = "The check can't be reached. Your text is still here; press Check to try.";
      return;
    }
    show(await response.text());
  } catch {
    if (number === asked) told.textContent = "The check can't be reached. Your text is still here.";
  } finally {
    if (number === asked) side.removeAttribute("aria-busy");
  }
}

/** The piece of the page comes from our own server, which escapes what was typed. */
function show(html) {
  const piece = new DOMParser().parseFromString(html, "text/html").body;
  said.replaceChildren(...piece.childNodes);
  const heading = said.querySelector(".said-bad h3");
  told.textContent = heading ? heading.textContent : "Nothing stands in the way of saving.";
}

if (form) {
  form.addEventListener("input", () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  form.addEventListener("submit", () => { changed = false; });
  // Nobody loses what they wrote by a stray click.
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
