// Keeps what is shown up to date: the page is fetched again, and the parts that are marked with
// data-live are replaced, but for one that is being used.
"use strict";

// Milliseconds between two looks; longer where an answer takes long, so that looking costs little.
const EVERY = 2000;
const SHARE = 20;

async function refresh() {
  const began = performance.now();
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      }
      document.body.className = answer.ok ? "live" : "stale";
    } catch {
      document.body.className = "stale";
    }
  }
  setTimeout(refresh, Math.max(EVERY, SHARE * (performance.now() - began)));
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

document.body.className = "live";
setTimeout(refresh, EVERY);
