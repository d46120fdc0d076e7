// A form that sends files says how far it is. What is too large is refused before it is sent.
(() => {
  "use strict";
  const forms = "form[data-upload]";
  document.addEventListener("change", (event) => {
    const form = event.target.closest(forms);
    if (!form || event.target.type !== "file") return;
    const most = Number(form.dataset.upload);
    const large = [...event.target.files].find((file) => file.size > most);
    const said = large ? `${large.name} is larger than ${Math.floor(most / 1e6)} MB, which is the most.` : "";
    event.target.setCustomValidity(said);
    event.target.reportValidity();
  });
  document.addEventListener("htmx:xhr:progress", (event) => {
    const form = event.target.closest(forms);
    const progress = form && form.querySelector("progress");
    if (!progress || !event.detail.lengthComputable) return;
    progress.hidden = false;
    progress.value = (100 * event.detail.loaded) / event.detail.total;
  });
  // A form that is not valid is not sent by htmx only where the form itself validates.
  document.addEventListener("htmx:validation:failed", (event) => event.target.reportValidity?.());
})();
