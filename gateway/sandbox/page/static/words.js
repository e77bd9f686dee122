// The page's words in Hebrew and English, and putting them where the HTML asks for them.

const WORDS = {
  title: ["Sandbox", "ארגז חול"],
  subtitle: ["Play the customer: two phones and a mailbox", "משחקים את הלקוח: שני טלפונים ותיבת דואר"],
  live: ["Live", "מחובר"], offline: ["Reconnecting…", "מתחבר מחדש…"],
  faults: ["Faults", "תקלות"], mail: ["Mail", "דואר"], panes: ["Choose a pane", "בחירת חלונית"],
  person: ["Customer", "לקוח"], editPerson: ["Edit this customer", "עריכת הלקוח"], addPerson: ["New customer…", "לקוח חדש…"],
  newPerson: ["New customer", "לקוח חדש"],
  more: ["More actions", "פעולות נוספות"], channels: ["Channel", "ערוץ"], messages: ["Messages", "הודעות"],
  sendLocation: ["Send my location", "שליחת המיקום שלי"], closeWindow: ["Let 24 hours go by", "להעביר 24 שעות"],
  windowClosed: ["The 24-hour window is closed", "חלון 24 השעות נסגר"],
  stopMarketing: ["Stop marketing messages", "להפסיק הודעות שיווק"], resumeMarketing: ["Resume marketing messages", "לחדש הודעות שיווק"],
  sendUnsupported: ["Send something unsupported", "לשלוח סוג לא נתמך"], done: ["Done", "בוצע"],
  talkingTo: ["Writing to", "כותבים אל"], typing: ["typing…", "מקלידים…"],
  cancelReply: ["Cancel the reply", "ביטול התשובה"], removeFile: ["Remove the file", "הסרת הקובץ"],
  attach: ["Attach a file", "צירוף קובץ"], files: ["Files", "קבצים"], noFiles: ["Choose…", "בחירה…"], write: ["Message", "הודעה"], send: ["Send", "שליחה"],
  reply: ["Reply", "תשובה"], react: ["React with", "להגיב עם"], empty: ["No messages yet. Say something!", "אין עדיין הודעות. כתבו משהו!"],
  today: ["Today", "היום"], template: ["template", "תבנית"], automatic: ["Answered by Twilio itself", "תשובה של Twilio עצמה"],
  failed: ["Failed", "נכשל"], sending: ["sending", "בשליחה"], sent: ["sent", "נשלח"], delivered: ["delivered", "נמסר"],
  read: ["read", "נקרא"], queued: ["queued", "בתור"], accepted: ["accepted", "התקבל"], received: ["received", "התקבל"],
  receiving: ["sending", "בשליחה"], retrying: ["not taken yet, trying again", "עוד לא התקבל, מנסים שוב"], bounced: ["bounced", "חזר"], refused: ["refused", "נדחה"],
  back: ["Back to the list", "חזרה לרשימה"], compose: ["Write", "כתיבה"], mails: ["Mails", "מכתבים"],
  newMail: ["New mail", "מכתב חדש"], replyMail: ["Reply", "תשובה"], to: ["To", "אל"], from: ["From", "מאת"], subject: ["Subject", "נושא"], text: ["Text", "תוכן"],
  replyTo: ["Replies go to", "תשובות אל"], noSubject: ["(no subject)", "(ללא נושא)"], noMails: ["The mailbox is empty.", "תיבת הדואר ריקה."],
  quoteNote: ["The mail you answer will be quoted below, as this program does it.", "המכתב שעונים עליו יצוטט למטה, כדרכה של התוכנה."],
  program: ["Mail program", "תוכנת דואר"], authenticated: ["The sender is authenticated (SPF, DKIM, DMARC pass)", "השולח מאומת (SPF, DKIM, DMARC)"],
  cancel: ["Cancel", "ביטול"], save: ["Save", "שמירה"], remove: ["Remove", "הסרה"], close: ["Close", "סגירה"],
  name: ["Name", "שם"], phone: ["Phone", "טלפון"], language: ["Language", "שפה"],
  hidesPhone: ["Hides the phone number on WhatsApp (Cloud)", "מסתיר את המספר ב־WhatsApp (Cloud)"],
  hidden: ["number hidden", "מספר מוסתר"],
  unsubscribe: ["Unsubscribe", "ביטול מינוי"], unsubscribed: ["Unsubscribed with one click", "המינוי בוטל בלחיצה אחת"],
  showHtml: ["Show the HTML", "הצגת ה־HTML"], showRaw: ["Raw mail", "המכתב הגולמי"], automaticMail: ["Automatic", "אוטומטי"],
  smtpSaid: ["The mail server answered", "שרת הדואר השיב"], noAnswer: ["Nobody answered", "אין מענה"],
  nextSends: ["The next sends fail", "השליחות הבאות נכשלות"], provider: ["Provider", "ספק"], kind: ["How", "איך"], times: ["Times", "פעמים"],
  code: ["Code", "קוד"], retryAfter: ["Retry after (s)", "לנסות אחרי (שנ׳)"], add: ["Add", "הוספה"], clearFaults: ["Clear faults and rules", "ניקוי תקלות וכללים"],
  noFaults: ["Nothing is set to fail.", "שום דבר לא אמור להיכשל."],
  callbacks: ["Status callbacks", "דיווחי מצב"], ruleCallbacks: ["Send them", "לשלוח"], ruleDrop: ["Lose them all", "לאבד את כולם"],
  ruleTwice: ["Send each twice", "לשלוח כל אחד פעמיים"], ruleBackwards: ["Last one first", "מהסוף להתחלה"], ruleDelay: ["Extra delay (ms)", "השהיה נוספת (אלפיות שנייה)"],
  habits: ["How the providers are set", "הגדרות הספקים"], ruleOptOut: ["Twilio Advanced Opt-Out (tells OptOutType)", "Twilio Advanced Opt-Out (מדווח OptOutType)"],
  ruleWindow: ["A closed window fails at once, not later", "חלון סגור נכשל מיד ולא בדיעבד"], ruleWebhook: ["Twilio webhook options", "אפשרויות webhook ב־Twilio"],
  arrived: ["What reached customers", "מה הגיע ללקוחות"], total: ["In all", "סך הכול"], duplicates: ["Sent twice", "נשלחו פעמיים"], none: ["none", "אין"],
  verify: ["Check the WhatsApp webhook", "בדיקת ה־webhook של WhatsApp"], verified: ["The webhook answered the challenge", "ה־webhook ענה לאתגר"],
  reset: ["Empty the sandbox", "ריקון ארגז החול"], troubles: ["Trouble with webhooks", "בעיות ב־webhooks"],
  provider_twilio: ["Twilio", "Twilio"], provider_cloud: ["WhatsApp Cloud", "WhatsApp Cloud"], provider_mail: ["Mail", "דואר"],
  throttle: ["429, slow down", "429, להאט"], error500: ["500, server error", "500, שגיאת שרת"], hang: ["hang, say nothing", "להיתקע בלי מענה"],
  drop: ["drop the connection", "לנתק את החיבור"], accept_drop: ["accept, then drop the connection", "לקבל ואז לנתק"], bounce: ["accept, then bounce (mail)", "לקבל ואז להחזיר (דואר)"],
  notSent: ["Not taken by the product", "המוצר לא קיבל"],
  wordHello: ["Hi", "שלום"], wordAgent: ["agent", "נציג"], wordStop: ["STOP", "הסר"], wordStart: ["START", "התחל"], wordStatus: ["status", "סטטוס"],
};

let index = 0;

export const language = () => (index ? "he" : "en");

export function t(key) {
  const words = WORDS[key];
  return words ? words[index] : key;
}

export function inLanguage(key, wanted) {
  return WORDS[key][wanted === "he" ? 1 : 0];
}

export function chooseLanguage(wanted) {
  index = wanted === "he" ? 1 : 0;
  localStorage.setItem("sandbox.language", language());
  document.documentElement.lang = language();
  document.documentElement.dir = index ? "rtl" : "ltr";
  document.title = index ? "אשנב · ארגז חול" : "Eshnav · Sandbox";
  fill(document);
}

export function startLanguage() {
  const kept = localStorage.getItem("sandbox.language");
  chooseLanguage(kept || (navigator.language.startsWith("he") ? "he" : "en"));
}

export function fill(root) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
    if (element.matches("button, summary")) element.title = t(element.dataset.tLabel);
  }
  for (const element of root.querySelectorAll("[data-t-placeholder]")) element.placeholder = t(element.dataset.tPlaceholder);
}

export function clock(iso) {
  return new Date(iso).toLocaleTimeString(language() === "he" ? "he-IL" : "en-GB", { hour: "2-digit", minute: "2-digit" });
}

export function day(iso) {
  const date = new Date(iso);
  if (date.toDateString() === new Date().toDateString()) return t("today");
  return date.toLocaleDateString(language() === "he" ? "he-IL" : "en-GB", { day: "numeric", month: "long" });
}
