// What pages do beyond forms and links: follow something that goes on, and ask before an act that cannot be undone.
// Every page works without it.
"use strict";

const SLOWEST = 30_000;

// A region with `data-live` is fetched again from there every `data-every` seconds, until it comes without `data-live`:
// then the page is loaded again, for what can be done with the result. `data-said` is told to those who listen.
async function follow(region) {
  const every = Number(region.dataset.every) * 1000;
  const told = document.getElementById("told");
  let pause = every;
  while (region.dataset.live) {
    await new Promise((done) => setTimeout(done, pause));
    if (document.hidden) continue;
    const next = await fetched(region.dataset.live, region.id);
    if (next === null) {
      pause = Math.min(pause * 2, SLOWEST);
      continue;
    }
    pause = every;
    if (told.textContent !== next.dataset.said) told.textContent = next.dataset.said;
    region.replaceWith(next);
    region = next;
  }
  location.reload();
}

// The region as it is now; null when it cannot be had at the moment. Whoever was logged out finds himself at the login.
async function fetched(address, id) {
  try {
    const answer = await fetch(address, { credentials: "same-origin", redirect: "manual", cache: "no-store" });
    if (answer.type === "opaqueredirect" || answer.status === 401) location.reload();
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return document.adoptNode(page.getElementById(id));
  } catch {
    return null;
  }
}

// A form or button with `data-confirm` sends after the question was answered with the button that was pressed.
function ask(event) {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  const dialog = document.getElementById("confirm");
  const yes = dialog.querySelector("[value=yes]");
  dialog.querySelector("p").textContent = question;
  yes.textContent = event.submitter.textContent;
  dialog.returnValue = "";
  dialog.addEventListener(
    "close",
    () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(event.submitter);
    },
    { once: true },
  );
  dialog.showModal();
}

for (const region of document.querySelectorAll("[data-live]")) follow(region);
document.addEventListener("submit", ask);
