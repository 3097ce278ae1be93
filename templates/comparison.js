(() => {
  const area = document.querySelector('.beside');
  if (!area) return;
  const field = area.querySelector('.find'), input = field.querySelector('input'), told = area.querySelector('.told');
  const rows = [...area.querySelectorAll('tbody tr')];
  const texts = rows.map(row => row.textContent.toLowerCase());
  const boxes = [...area.querySelectorAll('input[type=checkbox]')];
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    const out = new Set(boxes.filter(box => !box.checked).map(box => box.value));
    let n = 0;
    rows.forEach((row, at) => {
      const found = words.every(word => texts[at].includes(word));
      row.classList.toggle('off', !found);
      if (found && ![...row.classList].some(mark => out.has(mark))) n++;
    });
    told.textContent = n + ' of ' + rows.length + ' facts shown';
  };
  field.hidden = false;
  area.addEventListener('input', show);
  show();
})();
