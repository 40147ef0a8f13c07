// A change that waits for a person: why, the whole diff, Approve and Reject. Sends `act`.

function makeHeld(home, latest) {
  const send = (verb) => latest().setTriggerValue("act", { do: verb, run: latest().data.run });
  const size = el("span", { class: "num quiet" });
  const reasons = el("ul", { class: "reasons" });
  const diff = el("pre", { class: "diff mono", tabindex: "0", "aria-label": "The change" });
  const approve = twice(el("button", { class: "button first", type: "button" }), "Approve", "Push exactly this?", () => send("approve"));
  const reject = twice(el("button", { class: "button", type: "button" }), "Reject", "End the task without it?", () => send("reject"));
  const head = el("div", { class: "head" }, el("h2", { text: "Waiting for approval" }), size, el("div", { class: "acts" }, reject, approve));
  const words = el("p", { class: "quiet", text: "Nothing was pushed. What is shown here is what Approve pushes, to the byte." });
  const root = el("section", { class: "p held panel", "aria-label": "Waiting for approval" }, head, words, reasons, diff);
  let drawn = "";

  function line(text) {
    const kind = /^(\+\+\+|---|diff |index |@@)/.test(text) ? "meta" : text[0] === "+" ? "plus" : text[0] === "-" ? "minus" : "";
    return el("span", { class: kind, text: `${text}\n` });
  }

  function update(data) {
    const now = JSON.stringify([data.run, data.size, data.reasons]);
    if (now === drawn) return;
    drawn = now;
    write(size, data.size);
    reasons.replaceChildren(...data.reasons.map((one) => el("li", {}, one.place ? el("span", { class: "mono", text: one.place }) : null, el("span", { text: one.words }))));
    diff.replaceChildren(...data.diff.trimEnd().split("\n").map(line));
  }
  return { root, update };
}

export default mounted(makeHeld);
