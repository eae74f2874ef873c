/*
 * Behaviour by data attributes; nothing inline, so the content security policy holds. Works without it: forms still post.
 *
 * data-open-dialog="id"   opens <dialog id="id">            data-close-dialog     closes the dialog it stands in
 * data-confirm="words"    asks before the form is sent      data-confirm-button="words" (the button that says yes)
 *                         "{ticked}" in the words becomes how many boxes are ticked that data-needs-ticked names
 *                                                           data-confirm-no="words" (the other, where Cancel misleads)
 * data-toggle-nav         shows and hides the navigation    data-toggle-theme     light and dark
 * data-menu               <details> that closes on a click elsewhere, or Escape
 * data-ticked="name"      shows how many boxes of that name are ticked
 * data-needs-ticked="name"  cannot be used while none of them is ticked
 * data-required           must be filled in or chosen while the dialog it stands in is open
 * data-check-all="name"   ticks all boxes of that name      data-show-when="name=value[|value]"  shown while a field has that value
 * data-submit             sends its form when it changes     data-guard            warns before unsaved input is left
 * data-copy="id"          puts the words of that element on the clipboard, and says so
 * data-print              prints the page                   data-after-print      a dialog that opens once it was printed
 * data-search             Control+K (or Command+K) leads there
 * data-download          a button that brings a file: the page stays, and its form may be sent again
 * data-enter-next       Enter leads to the next field like it, as a scanner presses it after each code
 * data-total="currency"   its words become the sum of the form's data-amount fields while there is one; data-digits
 * data-needs="name"       a box that can be ticked only while the box of that name is
 */
(function () {
  "use strict";

  var root = document.documentElement;

  function closest(event, selector) {
    return event.target instanceof Element ? event.target.closest(selector) : null;
  }

  function openDialog(dialog) {
    if (!dialog || dialog.matches(":modal")) return;
    dialog.removeAttribute("open"); /* it stands open in the page for browsers without scripts */
    require(dialog, true);
    dialog.showModal();
  }

  /* Several dialogs may stand in one form: what a closed one asks for keeps no other from being sent. */
  function require(dialog, isOpen) {
    dialog.querySelectorAll("[data-required]").forEach(function (input) {
      input.required = isOpen;
    });
  }

  function toggleTheme() {
    var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch (error) {
      /* kept for this page only */
    }
  }

  function toggleNav(button) {
    var isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    document.getElementById(button.getAttribute("aria-controls")).classList.toggle("is-open", !isOpen);
  }

  function checkAll(box) {
    var scope = box.closest("form") || document;
    scope.querySelectorAll('input[type="checkbox"][name="' + box.dataset.checkAll + '"]').forEach(function (other) {
      if (!other.disabled) other.checked = box.checked;
    });
  }

  function tickedBoxes(name) {
    return document.querySelectorAll('input[type="checkbox"][name="' + name + '"]:checked');
  }

  function countTicked() {
    document.querySelectorAll("[data-ticked]").forEach(function (place) {
      place.textContent = tickedBoxes(place.dataset.ticked).length;
    });
    document.querySelectorAll("[data-needs-ticked]").forEach(function (control) {
      var isUsable = tickedBoxes(control.dataset.needsTicked).length > 0;
      if (control.type === "radio" && control.disabled === isUsable) {
        control.checked = isUsable && valueOf(control.name, control.form) === "";
      }
      control.disabled = !isUsable;
    });
  }

  /* Each child of the element is a line of its own; what has none is copied as it reads. */
  function copy(button) {
    var place = document.getElementById(button.dataset.copy);
    var isList = place.tagName === "UL";
    var words = isList ? Array.from(place.children, function (line) { return line.textContent; }).join("\n") : place.textContent.replace(/\s/g, "");
    navigator.clipboard.writeText(words).then(
      function () {
        tellCopied(button, "Copied");
      },
      function () {
        tellCopied(button, "Select it and copy it by hand");
      }
    );
  }

  function tellCopied(button, words) {
    var said = button.dataset.words || button.textContent;
    button.dataset.words = said;
    button.textContent = words;
    setTimeout(function () {
      button.textContent = said;
    }, 3000);
  }

  function closeMenus(except) {
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }

  document.addEventListener("click", function (event) {
    var target;
    closeMenus(closest(event, "details[data-menu]"));
    if ((target = closest(event, "[data-open-dialog]"))) {
      event.preventDefault();
      openDialog(document.getElementById(target.dataset.openDialog));
    } else if ((target = closest(event, "[data-close-dialog]"))) {
      target.closest("dialog").close();
    } else if ((target = closest(event, "[data-toggle-theme]"))) {
      toggleTheme();
    } else if ((target = closest(event, "[data-toggle-nav]"))) {
      toggleNav(target);
    } else if ((target = closest(event, "[data-copy]"))) {
      copy(target);
    } else if (closest(event, "[data-print]")) {
      window.print();
    } else if (event.target instanceof HTMLDialogElement) {
      event.target.close(); /* the backdrop */
    }
  });

  document.addEventListener(
    "close",
    function (event) {
      if (event.target instanceof HTMLDialogElement) require(event.target, false);
    },
    true /* it does not bubble */
  );

  document.addEventListener("keydown", function (event) {
    var field = document.querySelector("[data-search]");
    if (field && event.key === "k" && (event.ctrlKey || event.metaKey) && field.checkVisibility()) {
      event.preventDefault();
      field.select();
    }
  });

  document.addEventListener("keydown", function (event) {
    var field = event.key === "Enter" && closest(event, "[data-enter-next]");
    if (!field) return;
    var fields = Array.from(field.form.querySelectorAll("[data-enter-next]"));
    var next = fields[fields.indexOf(field) + 1];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.select();
  });

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    var menu = document.querySelector("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  /* A field's value, whatever kind of input carries it. */
  function valueOf(name, scope) {
    var values = Array.prototype.filter
      .call(scope.querySelectorAll('[name="' + name + '"]'), function (input) {
        return (input.type !== "radio" && input.type !== "checkbox") || input.checked;
      })
      .map(function (input) {
        return input.value;
      });
    return values.length ? values[0] : "";
  }

  function showWhen(scope) {
    scope.querySelectorAll("[data-show-when]").forEach(function (part) {
      var rule = part.dataset.showWhen.split("=");
      part.hidden = rule[1].split("|").indexOf(valueOf(rule[0], part.closest("form") || document)) === -1;
    });
  }

  /* What stands under a switch cannot be on while that switch is off. */
  function obeyNeeds() {
    document.querySelectorAll("[data-needs]").forEach(function (box) {
      var isOn = valueOf(box.dataset.needs, box.form) !== "";
      box.disabled = !isOn;
      if (!isOn) box.checked = false;
    });
  }

  /* A browser does not say whether paper came out: the person does. */
  window.addEventListener("afterprint", function () {
    openDialog(document.querySelector("dialog[data-after-print]"));
  });

  /* What is typed adds up where it is told; the server judges the sum. */
  function tellTotals() {
    document.querySelectorAll("[data-total]").forEach(function (place) {
      var sum = 0;
      place.closest("form").querySelectorAll("[data-amount]").forEach(function (field) {
        sum += Number(field.value);
      });
      if (place.dataset.words === undefined) place.dataset.words = place.textContent;
      var shape = { minimumFractionDigits: Number(place.dataset.digits), maximumFractionDigits: 4 };
      var words = sum > 0 ? sum.toLocaleString("en", shape) + " " + place.dataset.total : place.dataset.words;
      if (place.textContent !== words) place.textContent = words;
    });
  }

  document.addEventListener("change", function (event) {
    var target;
    obeyNeeds();
    if ((target = closest(event, "[data-check-all]"))) checkAll(target);
    if ((target = closest(event, "[data-submit]"))) target.form.requestSubmit();
    showWhen(document);
    countTicked();
  });

  /* Ask first, in a dialog of our own; then send the same form with the same button. */
  function confirmFirst(form, button, source) {
    var dialog = document.createElement("dialog");
    var words = document.createElement("p");
    var actions = document.createElement("div");
    var yes = document.createElement("button");
    var no = document.createElement("button");
    dialog.className = "dialog";
    words.id = "confirm-words";
    words.textContent = source.dataset.confirm.replace("{ticked}", tickedBoxes(source.dataset.needsTicked).length);
    dialog.setAttribute("aria-labelledby", words.id);
    actions.className = "form-actions";
    yes.className = "button button-primary";
    yes.type = no.type = "button";
    yes.textContent = source.dataset.confirmButton || "OK";
    no.className = "button";
    no.textContent = source.dataset.confirmNo || "Cancel";
    actions.append(yes, no);
    dialog.append(words, actions);
    document.body.append(dialog);
    dialog.addEventListener("close", function () {
      dialog.remove();
    });
    no.addEventListener("click", function () {
      dialog.close();
    });
    yes.addEventListener("click", function () {
      dialog.close();
      form.dataset.confirmed = "yes";
      form.requestSubmit(button || undefined);
    });
    dialog.showModal();
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    var button = event.submitter;
    var source = button && button.dataset.confirm ? button : form.dataset.confirm ? form : null;
    if (form.method === "dialog" || event.defaultPrevented) return;
    if (source && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      confirmFirst(form, button, source);
      return;
    }
    delete form.dataset.confirmed;
    if (form.method !== "post" || form.hasAttribute("hx-post") || (button && button.hasAttribute("data-download"))) return;
    if (form.dataset.sent) {
      event.preventDefault(); /* a double click sends once */
      return;
    }
    form.dataset.sent = "yes";
    delete form.dataset.changed;
    if (button) button.setAttribute("aria-busy", "true");
  });

  window.addEventListener("pageshow", function () {
    tellTotals();
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
    });
    document.querySelectorAll('[aria-busy="true"]').forEach(function (button) {
      button.removeAttribute("aria-busy");
    });
  });

  document.addEventListener("input", function (event) {
    tellTotals();
    var form = event.target.form;
    if (form && form.hasAttribute("data-guard")) form.dataset.changed = "yes";
  });

  window.addEventListener("beforeunload", function (event) {
    if (document.querySelector("form[data-guard][data-changed]")) event.preventDefault();
  });

  /* A part of the page could not be loaded: say so where messages stand. */
  function tellFailure() {
    var place = document.getElementById("messages");
    if (!place) return;
    var notice = document.createElement("div");
    notice.className = "alert alert-bad";
    notice.setAttribute("role", "alert");
    notice.textContent = "That did not work. Load the page again; what you saved is kept.";
    place.replaceChildren(notice);
  }
  document.addEventListener("htmx:responseError", tellFailure);
  document.addEventListener("htmx:sendError", tellFailure);
  document.addEventListener("htmx:afterSwap", function (event) {
    showWhen(event.target.parentElement || document);
  });

  /* Where tabs are wider than the window, the one that is shown is in sight. */
  function showCurrentTab() {
    document.querySelectorAll('.tabs a[aria-current="page"]').forEach(function (tab) {
      var bar = tab.closest("ul");
      var beyond = tab.getBoundingClientRect().right - bar.getBoundingClientRect().right;
      if (beyond > 0) bar.scrollLeft += beyond + 48; /* clear of the faded edge */
    });
  }

  /* A line that is wider than the window fades where it goes on. */
  function fadeEdges(bar) {
    var left = bar.scrollLeft > 1;
    var right = bar.scrollLeft + bar.clientWidth < bar.scrollWidth - 1;
    bar.classList.toggle("goes-on-left", left);
    bar.classList.toggle("goes-on-right", right);
  }

  function fadeAllEdges() {
    document.querySelectorAll(".tabs > ul, .on-page").forEach(fadeEdges);
  }

  document.addEventListener(
    "scroll",
    function (event) {
      if (event.target instanceof Element && event.target.matches(".tabs > ul, .on-page")) fadeEdges(event.target);
    },
    true /* it does not bubble */
  );
  window.addEventListener("resize", fadeAllEdges);
  document.addEventListener("htmx:afterSettle", fadeAllEdges);

  document.addEventListener("DOMContentLoaded", function () {
    showWhen(document);
    showCurrentTab();
    fadeAllEdges();
    countTicked();
    obeyNeeds();
    document.querySelectorAll("dialog[data-open]").forEach(openDialog);
  });
})();
