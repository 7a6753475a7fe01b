"""Records how a page with an answer grows, for tests that follow the documentation."""

RECORD = """() => {
    window.lengths = new Set();
    window.ends = [];
    addEventListener("stream:end", (event) => ends.push(event.detail.reason));
    new MutationObserver(() => lengths.add(messages.textContent.length))
        .observe(messages, { childList: true, subtree: true, characterData: true });
}"""
"""``lengths`` has the lengths of the text in ``#messages``; ``ends``, why the answers ended."""
