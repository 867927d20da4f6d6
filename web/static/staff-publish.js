// Shows a training's progress as it comes, and when visitors have the new version. Without this, the
// page is loaded anew every few seconds.

const EVERY = 1000; // milliseconds
const progress = document.querySelector("#progress");
const live = document.querySelector("#live");

async function fetched(address) {
  const response = await fetch(address, { headers: { Accept: "text/html, application/json" } });
  // Whoever is signed out meanwhile is led to the sign-in page.
  if (response.redirected || !response.ok) throw new Error("not shown");
  return response;
}

async function follow() {
  try {
    const html = await (await fetched(progress.dataset.progress)).text();
    // The piece of the page comes from our own server, which escapes what it holds.
    const piece = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    const state = piece.dataset.state;
    if (state !== progress.firstElementChild.dataset.state) return location.reload();
    if (piece.outerHTML !== progress.firstElementChild.outerHTML) progress.replaceChildren(piece);
  } catch {
    // The server may be starting again: it is asked once more.
  }
  setTimeout(follow, EVERY);
}

async function watch() {
  try {
    const found = await (await fetched(live.dataset.live)).json();
    if (found.taken_up) {
      const tag = document.createElement("span");
      tag.className = "tag tag-good";
      tag.textContent = "Live now";
      live.replaceChildren(tag, " Visitors are answered by it.");
      return;
    }
  } catch {
    // As above.
  }
  setTimeout(watch, EVERY);
}

if (progress) setTimeout(follow, EVERY);
if (live && !live.querySelector(".tag-good")) setTimeout(watch, EVERY);
