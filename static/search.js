/*
 * A search box that shows what fits while one types (components/search_box.html): arrows go through what is shown, Enter
 * leads there, or to all that fits while nothing is chosen; Escape closes. Without it the form is sent as any other.
 */
(function () {
  "use strict";

  /* Fewer letters find too much to be told. */
  var FROM_LETTERS = 2;

  function prepare(box) {
    var field = box.querySelector("input");
    var found = box.querySelector(".search-found");
    var status = box.querySelector("[role=status]");
    /* Only what was typed last is shown, and nothing once the person is done with it. */
    var isWanted = false;

    field.setAttribute("role", "combobox");
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-haspopup", "listbox");
    field.setAttribute("aria-expanded", "false");

    function options() {
      return Array.from(found.querySelectorAll("[role=option]"));
    }

    function choose(option) {
      options().forEach(function (other) {
        other.setAttribute("aria-selected", String(other === option));
      });
      if (option) {
        field.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      } else {
        field.removeAttribute("aria-activedescendant");
      }
    }

    function close() {
      isWanted = false;
      found.hidden = true;
      status.textContent = "";
      field.setAttribute("aria-expanded", "false");
      choose(null);
    }

    function show() {
      var list = found.querySelector("[role=listbox]");
      options().forEach(function (option, place) {
        option.id = found.id + "-" + place;
      });
      found.hidden = found.querySelector(".search-answer") === null;
      field.setAttribute("aria-expanded", String(list !== null));
      if (list) {
        list.id = found.id + "-list";
        field.setAttribute("aria-controls", list.id);
      } else {
        field.removeAttribute("aria-controls");
      }
      choose(null);
      var count = list ? list.querySelectorAll("[role=group] [role=option]").length : 0;
      status.textContent = list ? count + (count === 1 ? " result" : " results") : found.textContent.trim();
    }

    function move(step) {
      var all = options();
      var at = all.findIndex(function (option) {
        return option.getAttribute("aria-selected") === "true";
      });
      /* Before the first and after the last is the field itself. */
      var next = at === -1 ? (step > 0 ? 0 : all.length - 1) : at + step;
      choose(all[next] || null);
    }

    field.addEventListener("input", function () {
      isWanted = field.value.trim().length >= FROM_LETTERS;
      if (!isWanted) close();
    });

    field.addEventListener("keydown", function (event) {
      var isOpen = !found.hidden;
      var chosen = isOpen && found.querySelector('[aria-selected="true"]');
      if (event.isComposing) return;
      if (event.key === "Escape" && isOpen) {
        event.preventDefault(); /* it would empty the field */
        close();
      } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && isOpen) {
        event.preventDefault();
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter" && chosen) {
        event.preventDefault();
        chosen.click();
      } else if (event.key === "Enter") {
        isWanted = false;
      }
    });

    field.addEventListener("htmx:configRequest", function (event) {
      if (!isWanted) event.preventDefault();
    });
    found.addEventListener("htmx:beforeSwap", function (event) {
      if (!isWanted) event.detail.shouldSwap = false;
    });
    found.addEventListener("htmx:afterSwap", show);

    /* The field keeps the focus while something is clicked. */
    found.addEventListener("mousedown", function (event) {
      event.preventDefault();
    });
    /* Whoever comes back finds the page as it was before the search. */
    window.addEventListener("pagehide", close);
    box.addEventListener("focusout", function (event) {
      if (!box.contains(event.relatedTarget)) close();
    });
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-search-box]").forEach(prepare);
  });
})();
