// Runs before the page is drawn, so that it never shows in other colours than those chosen.
(() => {
  try {
    const theme = localStorage.getItem('parscale.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // A browser that keeps nothing follows the system.
  }
})();
