//! Merges without a conflict.

use super::repository::Repository;

/// Names, and a base, both sides and the merged text of each format.
pub const MERGES: [(&str, [&str; 4]); 4] = [
    (
        "a.enc.env",
        [
            "# top\nA=1\nB=2\n",
            "# top\nA=one\nB=2\n# ours\nC=3\n",
            "# top of theirs\nA=1\nB=two\n# theirs\nD=4\n",
            "# top of theirs\nA=one\nB=two\n# ours\nC=3\n# theirs\nD=4\n",
        ],
    ),
    (
        "a.enc.yaml",
        [
            "a: 1 # one\nm:\n  b: x\n  c: y\n",
            "a: 2 # one\nm:\n  b: x\n  c: y\n  # ours\n  d: z\n",
            "a: 1 # one\nm:\n  b: 'q'\nn: w\n",
            "a: 2 # one\nm:\n  b: 'q'\n  # ours\n  d: z\nn: w\n",
        ],
    ),
    (
        "a.enc.json",
        [
            "{\n  \"a\": 1,\n  \"m\": {\n    \"b\": \"x\"\n  }\n}\n",
            "{\n  \"a\": 2,\n  \"m\": {\n    \"b\": \"x\"\n  },\n  \"o\": true\n}\n",
            "{\n  \"a\": 1,\n  \"m\": {\n    \"b\": \"y\",\n    \"c\": null\n  },\n  \"t\": [1]\n}\n",
            "{\n  \"a\": 2,\n  \"m\": {\n    \"b\": \"y\",\n    \"c\": null\n  },\n  \"o\": true,\n  \"t\": [1]\n}\n",
        ],
    ),
    (
        "a.enc.ini",
        [
            "top = 1\n\n[s]\na = x\nb = y\n",
            "top = 2\n\n[s]\na = x\nb = y\nc = z\n",
            "top = 1\n\n[s]\na = w\nb = y\n\n[t]\nd = v\n",
            "top = 2\n\n[s]\na = w\nb = y\nc = z\n\n[t]\nd = v\n",
        ],
    ),
];

#[test]
fn what_either_side_changed_or_added_is_in_the_merge() {
    for (name, [base, ours, theirs, merged]) in MERGES {
        let repository = Repository::new();
        repository.fork(name, [base, ours, theirs]);
        let words = repository.git(&["merge", "--no-edit", "side"]);
        assert!(!words.contains("error"), "{words}");
        assert_eq!(repository.plain(name), merged, "{name}");
        repository.opens(name);
    }
}
