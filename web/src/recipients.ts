// Finding recipients while typing: the server draws the list, ticking one moves it to those
// picked. Without this script the form's search button does the same.

function enhance(box: HTMLElement): void {
  const input = box.querySelector<HTMLInputElement>("input[type=search]");
  const button = box.querySelector<HTMLButtonElement>(".search button");
  const found = box.querySelector<HTMLElement>(".found");
  const picked = box.querySelector<HTMLElement>(".picked");
  const address = box.dataset.find;
  if (!input || !found || !picked || !address) return;

  let timer = 0;
  let asked = 0;
  const search = async () => {
    const mine = ++asked;
    const query = new URLSearchParams({ tim: input.value });
    for (const x of picked.querySelectorAll<HTMLInputElement>("input:checked")) query.append("recipients", x.value);
    const answer = await fetch(`${address}?${query}`, { credentials: "same-origin" });
    if (!answer.ok || mine !== asked) return;
    // Drawn by our own server from a template that escapes.
    found.innerHTML = await answer.text();
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void search(), 200);
  });
  input.addEventListener("keydown", (e) => {
    if (e.key !== "Enter") return;
    e.preventDefault();
    clearTimeout(timer);
    void search();
  });
  button?.addEventListener("click", (e) => {
    e.preventDefault();
    void search();
  });
  found.addEventListener("change", (e) => {
    const tick = e.target as HTMLInputElement;
    const item = tick.closest("li");
    if (!tick.checked || !item) return;
    picked.append(item);
    input.focus();
  });
}

for (const box of document.querySelectorAll<HTMLElement>("[data-find]")) enhance(box);
