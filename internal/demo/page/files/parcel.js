// An order on its way: what the shop tells the server, and the courier's app.

import {$} from "./dom.js";
import {post} from "./wire.js";
import {say, sayProblem} from "./sentences.js";

let parcel = {status: ""};

const stands = {
  placed: say("Order {number} is placed."),
  paid: say("Order {number} is paid."),
  shipped: say("Order {number} is on its way."),
  out_for_delivery: say("The courier has order {number} and is at the door."),
  delivered: say("Order {number} is handed over."),
};
const steps = {
  "": say("Place an order"),
  placed: say("The order is paid"),
  paid: say("The order is shipped"),
  shipped: say("The courier sets off"),
  delivered: say("Place another order"),
};

export function begin({onLink}) {
  $("parcel-next").addEventListener("click", () => doing(() => post("/shop/order")));
  $("parcel-connect").addEventListener("click", () => onLink(parcel.links.telegram));
  $("parcel-whatsapp").addEventListener("click", () => onLink(parcel.links.whatsapp));
  $("courier").addEventListener("submit", (event) => {
    event.preventDefault();
    doing(async () => {
      const result = await post("/shop/handover", {code: $("courier-code").value});
      if (result.valid) return;
      $("parcel-said").textContent = result.reason === "too_many_attempts"
        ? say("Five wrong codes: nothing is compared for 15 minutes.")
        : say("That is not the code of this order.");
      $("courier-code").select();
    });
  });
}

async function doing(act) {
  $("parcel-said").textContent = "";
  try {
    await act();
  } catch (error) {
    $("parcel-said").textContent = sayProblem(error);
  }
}

export function show(state) {
  parcel = state;
  const stand = stands[state.status] ?? say("Nothing is ordered yet.");
  $("parcel-status").textContent = stand.replace("{number}", state.number);
  $("parcel-next").textContent = steps[state.status] ?? "";
  $("parcel-next").hidden = state.courier;
  $("parcel-connect").hidden = state.outcome !== "no_link";
  $("parcel-whatsapp").hidden = state.outcome !== "no_link" || !state.links?.whatsapp;
  if ($("courier").hidden && state.courier) $("courier-code").value = "";
  $("courier").hidden = !state.courier;
}
