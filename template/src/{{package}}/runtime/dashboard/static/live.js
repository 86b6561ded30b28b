// Keeps what is shown up to date: every two seconds the page is fetched again, and the parts that
// are marked with data-live are replaced, but for one that is being used.
"use strict";

const EVERY = 2000;

async function refresh() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
      document.body.classList.toggle("stale", !answer.ok);
    } catch {
      document.body.classList.add("stale");
    }
  }
  setTimeout(refresh, EVERY);
}

function show(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    const used = part.contains(document.activeElement) || part.querySelector("details[open]");
    if (fresh && !used && fresh.innerHTML !== part.innerHTML) {
      part.replaceChildren(...fresh.childNodes);
    }
  }
}

setTimeout(refresh, EVERY);
