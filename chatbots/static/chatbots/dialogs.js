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
  let clientId = newId();
  let sending = false;

  function open() {
    const known = details();
    for (const field of form.elements) {
      const detail = field.dataset.detail;
      if (detail && known[detail]) field.value = known[detail];
    }
    trouble("", box);
    dialog.showModal();
  }

  function show(sentence, field) {
    trouble(sentence, box);
    for (const other of form.elements) other.removeAttribute("aria-invalid");
    if (!field) return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  if (opener) opener.addEventListener("click", open);
  const close = dialog.querySelector("[data-close]");
  if (close) close.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    const wrong = [...form.elements].find(
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
      show(error.message, [...form.elements].find((field) => field.name && field.name === error.field));
    } finally {
      sending = button.disabled = false;
    }
  });
  return { open, form };
}
