(...values) => ({at: Date.now(), values})
