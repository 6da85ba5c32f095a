(status) => (status ?? "").includes('class="alert"') ? "" : status
