// Files are sent as soon as they are chosen, with progress; the form then only names them.
// Without this script the form itself carries the files.

import { size } from "./bytes";

interface Upload {
  id: string;
  name: string;
  size: number;
  pages?: number;
}

let sending = 0;

function enhance(field: HTMLElement): void {
  const input = field.querySelector<HTMLInputElement>("input[type=file]");
  const list = field.querySelector<HTMLUListElement>(".kept");
  if (!input || !list) return;
  const name = field.dataset.upload ?? "";
  const many = "many" in field.dataset;
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length > 0 && !many) list.replaceChildren();
    for (const f of files) send(field, list, name, f);
  });
  for (const item of list.children) removable(field, item as HTMLElement);
}

function send(field: HTMLElement, list: HTMLUListElement, name: string, file: File): void {
  const item = document.createElement("li");
  const words = document.createElement("span");
  const bar = document.createElement("progress");
  words.textContent = `${file.name} – ${field.dataset.sending} ${size(file.size)}`;
  bar.max = 1;
  item.append(words, bar);
  list.append(item);
  sending++;
  const request = new XMLHttpRequest();
  const query = new URLSearchParams({ secrecy: field.dataset.secrecy ?? "", name: file.name });
  request.open("POST", `/api/v1/uploads?${query}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("Accept-Language", document.documentElement.lang);
  request.responseType = "json";
  request.upload.onprogress = (e) => {
    if (e.lengthComputable) bar.value = e.loaded / e.total;
  };
  request.onload = () => {
    if (request.status >= 200 && request.status < 300) done(field, item, name, request.response as Upload);
    else failed(field, item, file.name, (request.response as { detail?: string } | null)?.detail);
  };
  request.onerror = request.onabort = () => failed(field, item, file.name);
  request.onloadend = () => sending--;
  request.send(file);
}

// done names the upload in the form, ticked like those that the server lists.
function done(field: HTMLElement, item: HTMLElement, name: string, u: Upload): void {
  const label = document.createElement("label");
  const tick = document.createElement("input");
  const facts = document.createElement("small");
  tick.type = "checkbox";
  tick.name = name;
  tick.value = u.id;
  tick.checked = true;
  label.append(tick, ` ${u.name}`);
  facts.textContent = ` ${size(u.size)}` + (u.pages ? ` · ${(field.dataset.pages ?? "").replace("{n}", `${u.pages}`)}` : "");
  item.replaceChildren(label, facts);
  removable(field, item);
}

function failed(field: HTMLElement, item: HTMLElement, name: string, why?: string): void {
  const words = document.createElement("span");
  words.className = "failed";
  words.setAttribute("role", "alert");
  words.textContent = `${name}: ${why ?? field.dataset.failed}`;
  item.replaceChildren(words);
  removable(field, item);
}

function removable(field: HTMLElement, item: HTMLElement): void {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = field.dataset.remove ?? "×";
  button.addEventListener("click", () => item.remove());
  item.append(button);
}

for (const field of document.querySelectorAll<HTMLElement>("[data-upload]")) {
  enhance(field);
  field.closest("form")?.addEventListener("submit", (e) => {
    if (sending === 0) return;
    e.preventDefault();
    alert(field.dataset.wait);
  });
}
