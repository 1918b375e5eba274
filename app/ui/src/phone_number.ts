// Telephone numbers as people read them aloud. Pure; only for display, never for comparing.

/** "13812345678" → "138 1234 5678", "4008100002" → "400 810 0002"; anything else, also a masked number, as it is. */
export function grouped(number: string): string {
  if (/^1\d{10}$/.test(number)) return number.replace(/^(\d{3})(\d{4})(\d{4})$/, "$1 $2 $3");
  if (/^400\d{7}$/.test(number)) return number.replace(/^(\d{3})(\d{3})(\d{4})$/, "$1 $2 $3");
  return number;
}
