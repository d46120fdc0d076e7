"""What the bench says of the curriculum."""

from bench.curriculum import kept, said


def test_the_figures_are_said_as_ratios() -> None:
    lines = said(
        {
            "content_bytes": 2_000_000,
            "load_seconds": 0.5,
            "load_of_parsing": 2.5,
            "second_load_of_first": 0.25,
            "catalogue_bytes": 6_000_000,
            "catalogue_of_content": 3.0,
            "index_bytes": 8_000_000,
            "index_of_content": 4.0,
            "slowest_search_seconds": 0.0123,
        }
    )
    assert "2.5 times as long as parsing its YAML (0.50 s here); loading it again, 0.25 of that" in lines[0]
    assert "3.0 times its content (6.0 MB of 2.0 MB), the search index 4.0 times" in lines[1]
    assert "12.3 ms" in lines[1]


def test_memory_is_what_is_still_held() -> None:
    def wasteful() -> bytes:
        assert len(b"x" * 5_000_000) == 5_000_000
        return b"y" * 1_000_000

    found, held = kept(wasteful)
    assert len(found) == 1_000_000
    assert 1_000_000 <= held < 2_000_000
