import { ref } from 'vue'

/** The present, told every half minute: ages on the page grow by themselves. */
export const minute = ref(Date.now())
setInterval(() => (minute.value = Date.now()), 30_000)
