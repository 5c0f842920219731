//! Charts and the HTML page: draws what evaluate computed, computes nothing
