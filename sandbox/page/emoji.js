// The commonest emoji short codes. One that is not here stays as it was written.

const TABLE = `
warning ⚠️|rotating_light 🚨|white_check_mark ✅|heavy_check_mark ✔️|x ❌|no_entry ⛔|no_entry_sign 🚫|exclamation ❗
question ❓|bangbang ‼️|information_source ℹ️|bulb 💡|bell 🔔|no_bell 🔕|mega 📣|loudspeaker 📢|speech_balloon 💬
thought_balloon 💭|left_speech_bubble 🗨️|eyes 👀|eye 👁️|see_no_evil 🙈|shushing_face 🤫|lock 🔒|unlock 🔓|key 🔑
clock3 🕒|hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰|calendar 📅|date 📅|spiral_calendar_pad 🗓️|stopwatch ⏱️
memo 📝|pencil ✏️|pencil2 ✏️|clipboard 📋|page_facing_up 📄|scroll 📜|book 📖|books 📚|bookmark 🔖|label 🏷️|paperclip 📎
package 📦|wrench 🔧|hammer_and_wrench 🛠️|gear ⚙️|computer 💻|desktop_computer 🖥️|printer 🖨️|floppy_disk 💾|electric_plug 🔌|satellite 🛰️
moneybag 💰|dollar 💵|heavy_dollar_sign 💲|credit_card 💳|receipt 🧾|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊
office 🏢|factory 🏭|hospital 🏥|school 🏫|bank 🏦|house 🏠|shield 🛡️|scales ⚖️|balance_scale ⚖️|handshake 🤝|gift 🎁|trophy 🏆|tada 🎉
star ⭐|star2 🌟|sparkles ✨|fire 🔥|zap ⚡|rocket 🚀|dart 🎯|compass 🧭|link 🔗|mag 🔍|inbox_tray 📥|outbox_tray 📤|email 📧|envelope ✉️
telephone_receiver 📞|phone ☎️|iphone 📱|wave 👋|pray 🙏|clap 👏|muscle 💪|point_right 👉|point_left 👈|point_up ☝️|point_down 👇|ok_hand 👌
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|raised_hand ✋|raising_hand 🙋|writing_hand ✍️|smile 😄|slightly_smiling_face 🙂|blush 😊|grinning 😀|joy 😂
sweat_smile 😅|relieved 😌|thinking_face 🤔|neutral_face 😐|worried 😟|cry 😢|sob 😭|angry 😠|rage 😡|triumph 😤|weary 😩|fearful 😨|cold_sweat 😰
heart ❤️|broken_heart 💔|bust_in_silhouette 👤|busts_in_silhouette 👥|male-office-worker 👨‍💼|female-office-worker 👩‍💼|technologist 🧑‍💻|robot_face 🤖
red_circle 🔴|large_yellow_circle 🟡|large_orange_circle 🟠|large_green_circle 🟢|large_blue_circle 🔵|white_circle ⚪|black_circle ⚫|small_blue_diamond 🔹
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrows_counterclockwise 🔄|repeat 🔁|back 🔙|soon 🔜|new 🆕|sos 🆘|ok 🆗
thermometer 🌡️|umbrella ☔|seedling 🌱|coffee ☕|tea 🍵|ladder 🪜|performing_arts 🎭|ear 👂|door 🚪|pushpin 📌|round_pushpin 📍|triangular_flag_on_post 🚩
`;

const EMOJI = new Map(
  TABLE.split(/[|\n]/).map((pair) => pair.trim().split(" ")).filter((pair) => pair.length === 2),
);

/** The character for a short code, or the code itself. */
export function emoji(name) {
  return EMOJI.get(name.split("::")[0]) ?? `:${name}:`;
}

/** Text with its short codes turned into characters. */
export function emojify(text) {
  return text.replace(/:([a-z0-9_+-]+(?:::skin-tone-\d)?):/g, (whole, name) => {
    const found = emoji(name);
    return found.startsWith(":") ? whole : found;
  });
}
