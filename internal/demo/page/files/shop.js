// The shop: the first screen, the screen for the code, and the end.

import {$} from "./dom.js";
import {post, secondsUntil} from "./wire.js";
import {say, sayProblem} from "./sentences.js";

let sale = null;
let shown = null; // which screen
let offered = ""; // what the phone's clipboard holds

const refusals = {
  invalid_code: (left) => left === 1 ? say("That is not the code. One attempt is left.") : say("That is not the code. {left} attempts are left.", {left}),
  malformed_code: () => say("The code has 6 digits. This did not use up an attempt."),
  phone_locked: () => say("Too many wrong codes were tried for this phone lately."),
};

const endings = {
  approved: [say("Confirmed"), (s) => s.payment ? say("{amount} KZT to {payee}: paid.", s) : say("You are signed in as {phone}.", s)],
  reported: [say("Stopped"), () => say("The person with the phone says: it wasn’t me. Nobody can use this code any more.")],
  context_mismatch: [say("Stopped"), () => say("The amount or the payee changed on the way.")],
  canceled_by_business: [say("Canceled"), () => say("The shop took the code back.")],
  expired: [say("Too late"), () => say("The code has expired.")],
  too_many_attempts: [say("Too many wrong codes"), () => say("This code opens nothing any more.")],
  undeliverable: [say("No message got through"), (s) => s.tried ? say("The code could not be delivered. Tried: {tried}.", s) : say("There was no way to deliver the code.")],
};

export function begin({onLink}) {
  const ask = $("ask"), enter = $("enter");
  for (const radio of ask.elements.what) {
    radio.addEventListener("change", () => {
      $("order").hidden = ask.elements.what.value !== "payment";
      $("ask-said").textContent = ""; // it was about what is not on the screen any more
    });
  }
  ask.addEventListener("submit", (event) => {
    event.preventDefault();
    doing("ask-said", async () => {
      $("unblock").hidden = true;
      await post("/shop/start", {
        phone: ask.elements.phone.value, payment: ask.elements.what.value === "payment",
        amount: ask.elements.amount.value, payee: ask.elements.payee.value, wait: ask.elements.wait.checked,
      });
    });
  });
  enter.addEventListener("submit", (event) => {
    event.preventDefault();
    doing("enter-said", async () => {
      const result = await post("/shop/check", {code: enter.elements.code.value});
      if (!result.valid) {
        $("enter-said").textContent = refusals[result.reason]?.(result.attempts_left) ?? "";
        $("code").select();
      }
    });
  });
  const click = (id, act) => $(id).addEventListener("click", act);
  click("resend", () => doing("enter-said", () => post("/shop/resend")));
  click("leave", () => doing("enter-said", () => post("/shop/leave")));
  click("again", () => doing("ask-said", () => post("/shop/leave")));
  click("unblock", () => doing("ask-said", async () => {
    await post("/shop/unblock", {phone: ask.elements.phone.value});
    $("unblock").hidden = true;
  }));
  click("connect", () => onLink(sale.links.telegram));
  click("connect-whatsapp", () => onLink(sale.links.whatsapp));
  click("paste", () => {
    $("code").value = offered;
    $("confirm").focus();
  });
}

// doing shows a refusal where it belongs.
async function doing(where, act) {
  $(where).textContent = "";
  try {
    await act();
  } catch (error) {
    $(where).textContent = sayProblem(error);
    $("unblock").hidden = error.code !== "phone_paused" && error.code !== "phone_locked";
  }
}

// offer takes what was copied on the phone.
export function offer(code) {
  offered = code;
  $("paste").textContent = say("Paste {code}", {code});
  $("paste").hidden = false;
}

export function show(state) {
  const fresh = state && state.id !== sale?.id;
  const busy = $("shop").contains(document.activeElement);
  sale = state;
  if (fresh) {
    for (const id of ["ask-said", "enter-said"]) $(id).textContent = "";
    $("code").value = "";
    $("paste").hidden = true;
    offered = "";
  }
  screen(!sale ? "ask" : sale.status === "pending" ? "enter" : "end", busy);
  if (!sale) return;
  $("hint").textContent = sale.hint;
  $("enter-order").hidden = !sale.payment;
  $("enter-order").textContent = sale.payment ? say("{amount} KZT to {payee}", sale) : "";
  $("left-attempts").textContent = sale.attempts_left;
  $("connect-whatsapp").hidden = !sale.links?.whatsapp;
  const [title, text] = endings[sale.status === "approved" ? "approved" : sale.end_reason] ?? [say("Over"), () => ""];
  $("end").dataset.good = String(sale.status === "approved");
  $("end-title").textContent = title;
  $("end-text").textContent = text(sale);
  tick();
}

// screen brings one of the three screens up, and takes the focus along where
// somebody was working in the shop.
function screen(name, busy) {
  if (shown === name) return;
  const first = shown === null;
  shown = name;
  for (const id of ["ask", "enter", "end"]) $(id).hidden = id !== name;
  if (busy && !first) ({ask: $("ask").elements.phone, enter: $("code"), end: $("end-title")})[name].focus();
}

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.ceil(seconds) % 60).padStart(2, "0")}`;

export function tick() {
  if (sale?.status !== "pending") return;
  $("left-valid").textContent = minutes(Math.ceil(secondsUntil(sale.expires_at)));
  $("row-sms").hidden = !sale.fallback_at;
  if (sale.fallback_at) $("left-sms").textContent = minutes(Math.ceil(secondsUntil(sale.fallback_at)));
  const wait = sale.resend_at ? Math.ceil(secondsUntil(sale.resend_at)) : 0;
  $("resend").disabled = !sale.resend_at || wait > 0;
  $("resend").textContent = wait > 0 ? say("Send it again, in {wait} s", {wait}) : say("Send it again");
}
