// How the page talks to the demo's backend.

// post asks for something to be done. Where it is refused, it throws an error
// with the problem's code and a sentence for people.
export async function post(path, body = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The demo does not answer any more. Is it still running?");
  }
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), {code: answer.code});
  return answer;
}

// lag is how far this page's clock is behind the server's, in milliseconds.
let lag = 0;

// secondsUntil counts down to a moment of the server's clock.
export const secondsUntil = (moment) => Math.max(0, (Date.parse(moment) - Date.now() - lag) / 1000);

// listen calls the handler of each part of the board when that part changes.
// The browser connects again by itself and then gets every part anew.
export function listen(handlers) {
  const events = new EventSource("/events");
  events.addEventListener("clock", (event) => { lag = Number(event.data) - Date.now(); });
  for (const [part, show] of Object.entries(handlers)) {
    events.addEventListener(part, (event) => show(JSON.parse(event.data)));
  }
  events.addEventListener("open", () => { document.body.dataset.live = "yes"; });
  events.addEventListener("error", () => { document.body.dataset.live = "no"; });
}
