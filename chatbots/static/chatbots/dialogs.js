// Dialogs with a form: filled in with what is known, checked, sent once, and closed when that worked.

import { Trouble, newId } from "./wire.js";

export function trouble(sentence, box) {
  box.textContent = sentence || "";
  box.hidden = !sentence;
}

function values(form) {
  return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, value.trim()]));
}

// What is wrong with a field, in words.
function sentenceFor(field) {
  if (field.dataset.wrong) return field.dataset.wrong;
  if (field.type === "email" && field.value) return "Please enter an e-mail address, such as name@example.com.";
  const label = field.closest("label").firstChild.textContent.trim();
  return `Please fill in: ${label}`;
}

// Open `id` with a click on `opener`. `details()` is what is known of the visitor; `send(values,
// clientId)` does what the form is for. A form that is sent twice has the same clientId.
export function formDialog(id, opener, details, send) {
  const dialog = document.getElementById(id);
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const box = dialog.querySelector(".trouble");
  box.id = `${id}-trouble`;
  // Not form.elements: a field may be labelled so, and would stand for it.
  const fields = [...form.querySelectorAll("input, select, textarea")];
  let clientId = newId();
  let sending = false;

  function open() {
    const known = details();
    for (const field of fields) {
      const detail = field.dataset.detail;
      if (detail && known[detail]) field.value = known[detail];
    }
    show("");
    dialog.showModal();
  }

  // Show `sentence` where it is about: below `field`, or above the buttons.
  function show(sentence, field) {
    for (const other of fields) {
      other.removeAttribute("aria-invalid");
      other.removeAttribute("aria-describedby");
    }
    box.classList.toggle("beside", Boolean(field));
    if (field) field.closest("label").after(box);
    else form.querySelector(".buttons").before(box);
    trouble(sentence, box);
    if (!field) return;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", box.id);
    field.focus();
  }

  if (opener) opener.addEventListener("click", open);
  const close = dialog.querySelector("[data-close]");
  if (close) close.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    const wrong = fields.find(
      (field) => field.willValidate && (!field.checkValidity() || (field.required && !field.value.trim())),
    );
    if (wrong) {
      show(sentenceFor(wrong), wrong);
      return;
    }
    const button = form.querySelector("[type=submit]");
    sending = button.disabled = true;
    try {
      await send(values(form), clientId);
      clientId = newId();
      show("");
      dialog.close();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      show(error.message, fields.find((field) => field.name === error.field));
    } finally {
      sending = button.disabled = false;
    }
  });
  return { open, form, reset: () => HTMLFormElement.prototype.reset.call(form) };
}
