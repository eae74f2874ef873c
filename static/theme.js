/* Runs before the first paint: the chosen theme, and the mark that scripts run at all. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (error) {
    /* storage may be forbidden: the system's theme stays */
  }
})();
