"use strict";
// Every page works without this file. It keeps the live metrics fresh, and hides pictures that are not there.

document.addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) event.target.remove();
}, true);

// A fragment in the address opens the panel that its field lies in.
const named = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (named) named.closest("details")?.setAttribute("open", "");

const follow = document.querySelector("[data-follow]");
if (follow) {
  const SECONDS = 5;
  let timer = 0;
  const refresh = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-fresh]");
      if (answer.ok && fresh) document.querySelector("[data-fresh]").replaceWith(fresh);
    } catch { /* the next look may succeed */ }
  };
  const press = (on) => {
    follow.setAttribute("aria-pressed", String(on));
    clearInterval(timer);
    if (on) timer = setInterval(refresh, SECONDS * 1000);
  };
  follow.hidden = false;
  follow.addEventListener("click", () => press(follow.getAttribute("aria-pressed") !== "true"));
  press(true);
}
